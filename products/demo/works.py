"""The products of the story, one in each state on the way to a release."""

from products.consensus import Outcome, Stand
from products.demo import convened, hearing
from products.demo.story import Story
from products.demo.tales import Tale
from products.models.products import Kind
from products.relations import RelationKind
from products.remarks import Answer, CommentKind, Disposition


def tell_all(story: Story) -> None:
    """Put the way of every product into the story."""
    _agreed_guidelines(story)
    _science_in_consensus(story)
    convened.resources_to_be_declared(story)
    convened.quiet_in_silence(story)
    _power_shared(story)
    _mars_being_drafted(story)
    _report_proposed(story)
    _navigation_proposed(story)


def _agreed_guidelines(story: Story) -> None:
    """Agreed with a reservation: the secretariat may release it, and so supersede GNAP-2011."""
    tale = Tale(story, "GNAP-2026")
    tale.proposed(
        -175,
        reason="The interim guidelines of 2011 are outdated",
        title="Guidelines for Non-Agency Participation",
        kind=Kind.GUIDELINES,
        edition="2",
        group="SCWG",
        purpose="Say how industry, academia and the public take part in the work of the groups.",
        abstract="How industry, academia and the public take part in the work of the groups: who "
        "may be invited, to what, and how their contributions are kept apart from positions.",
        mutual_interest="Every agency is asked the same questions by its own community.",
    )
    tale.planned(-174, lead="ESA", agencies="CNES ESA LSA NASA UKSA", baseline=-40, forecast=-5)
    tale.related(-173, RelationKind.SUPERSEDES, "GNAP-2011")
    tale.joined(-172, lead="ESA", contributing="CNES NASA UKSA", following="LSA ASA")
    tale.drafting(-170, reason="Group and agencies are named", by="chair")
    tale.edited_by(-169, "weber")
    tale.version(-150, 1, note="First draft, from the interim guidelines", by="weber")
    tale.version(-122, 2, note="Rules for workshops added; wording after comments", by="weber")
    tale.circulated(-120, until=-106, note="For comments by all members")
    tale.called(
        -62,
        deadline=-46,
        question="Does your agency concur with version 2 of the guidelines, for release?",
    )
    tale.position(-60, "ESA", Stand.CONCUR, "solberg")
    tale.position(-58, "LSA", Stand.CONCUR, "weber")
    tale.position(-57, "CNES", Stand.CONCUR, "chair")
    tale.position(-55, "UKSA", Stand.CONCUR, "hughes")
    tale.position(
        -51,
        "NASA",
        Stand.RESERVATION,
        "whitfield",
        words="NASA applies its own procedures to contacts with industry of its country. "
        "Section 3 is read as guidance to the groups, not to agencies.",
    )
    tale.position(-48, "ASA", Stand.ABSTAIN, "pemberton", words="No experience with such events.")
    tale.declared(
        -43,
        Outcome.WITH_RESERVATIONS,
        statement="The participating agencies concur. NASA's reservation is printed with the "
        "guidelines.",
    )


def _science_in_consensus(story: Story) -> None:
    """In consensus: an objection, a reservation, an abstention, four agencies without an answer."""
    tale = Tale(story, "SCI-2026")
    tale.proposed(
        -160,
        reason="Asked for by the senior managers",
        title="Science Enabled by a Sustained Presence on the Moon",
        kind=Kind.WHITE_PAPER,
        edition="1",
        group="SWG",
        purpose="Say which science a sustained presence makes possible, and what it needs from the "
        "architecture.",
        mutual_interest="Agencies plan instruments and traverses for the same sites.",
        by="chair",
    )
    tale.planned(
        -159,
        lead="ISRO",
        agencies="ASI CNES CSA DLR ESA ISRO JAXA KARI NASA SSAU UKSA",
        baseline=-20,
        forecast=15,
        notes="The Science Advisory Group reads each draft.",
    )
    tale.related(-158, RelationKind.BUILDS_ON, "SWP-2017")
    tale.drafting(-157, reason="Group and agencies are named", by="chair")
    tale.joined(
        -156,
        lead="ISRO CNES",
        contributing="ASI CSA DLR ESA JAXA NASA UKSA",
        following="KARI SSAU",
    )
    tale.version(-140, 1, note="Outline and first findings", by="marchand")
    tale.version(-97, 2, note="Findings written out; sites named", by="marchand")
    tale.circulated(-95, until=-82, note="First reading by all members", by="rao")
    tale.version(
        -64,
        3,
        note="Sample curation and far-side quiet added after the first reading",
        by="marchand",
    )
    tale.circulated(-61, until=-48, note="Second reading by all members", by="rao")
    tale.called(
        -6,
        deadline=4,
        question="Does your agency concur with version 3 of the white paper, for release?",
    )
    tale.position(-5, "ESA", Stand.CONCUR, "dewit")
    tale.position(
        -5,
        "NASA",
        Stand.RESERVATION,
        "okafor",
        words="Dates of access to the far side are not commitments of NASA.",
    )
    tale.position(-4, "ASI", Stand.CONCUR, "ferrante")
    tale.position(-4, "ISRO", Stand.CONCUR, "nambiar")
    tale.position(
        -3,
        "UKSA",
        Stand.OBJECT,
        "hughes",
        words="Section 4, second paragraph: “shall be kept free of transmitters” asks more of "
        "operators than agencies have agreed. Write “should”, and name the coordination that "
        "exists for radio quiet; with that, UKSA concurs.",
    )
    # The position changes: the history keeps the earlier one, and this one counts.
    tale.position(-3, "NASA", Stand.CONCUR, "whitfield")
    tale.position(
        -2,
        "DLR",
        Stand.RESERVATION,
        "vogel",
        words="DLR supports the findings. Its contribution to sample curation depends on a "
        "decision of its ministry that is still to come.",
    )
    tale.position(
        -1,
        "KARI",
        Stand.ABSTAIN,
        "secretariat",
        words="Follows the product without a part in it.",
        source="Mail of the head of delegation, read at the desk (invented)",
    )


def _power_shared(story: Story) -> None:
    """Shared, with the window running: all members read it."""
    tale = Tale(story, "POWER-2026")
    tale.proposed(
        -92,
        reason="Power is what every element of the surface scenario asks for first",
        title="Lunar Surface Power Gap Assessment",
        kind=Kind.GAP_ASSESSMENT,
        edition="1",
        group="TWG",
        purpose="Name the gaps in power for the lunar night and the polar regions.",
        mutual_interest="No agency plans the whole chain of generation, storage and distribution.",
        by="chair",
    )
    tale.planned(-91, lead="DLR", agencies="CNES DLR JAXA KARI NASA UKSA", baseline=30, forecast=55)
    tale.drafting(-90, reason="Group and agencies are named", by="chair")
    tale.joined(-89, lead="DLR", contributing="JAXA KARI NASA UKSA", following="CNES")
    tale.version(-60, 1, note="First draft of the assessment team", by="brandt")
    _power_commented(tale)
    tale.version(-8, 2, note="Night survival figures agreed; distribution added", by="brandt")
    tale.circulated(
        -5, until=7, note="Please look at the table of gaps before all else", by="brandt"
    )
    hearing.posted(
        story,
        -4,
        "POWER-2026",
        2,
        until=26,
        note="Tell us above all of power sources that the table of gaps leaves out.",
    )
    hearing.said(
        story,
        -3,
        "POWER-2026",
        name="Robin Example",
        affiliation="Polar Night Laboratory",
        address="robin@public.example",
        place="the table of gaps",
        text="Thermal storage in the ground is missing: it would carry a small station through "
        "the night without any mass brought along.",
    )
    hearing.said(
        story,
        -2,
        "POWER-2026",
        name="Kim Sample",
        affiliation="",
        address="kim@public.example",
        place="",
        text="What is meant by distribution: cables, beams, or both?",
    )
    hearing.passed_on(story, -1, "POWER-2026", 1)
    tale.commented(
        -3,
        "UKSA",
        "hughes",
        2,
        anchor=9,
        clause="4",
        text="“No connector is common to two agencies” is not so since the trial of last spring.",
        proposal="Name the trial, and say what it left open.",
    )
    tale.commented(
        -2,
        "JAXA",
        "delegate",
        2,
        is_draft=True,
        anchor=14,
        clause="5",
        text="Two years are short: a standard takes three.",
    )


def _power_commented(tale: Tale) -> None:
    """On the first draft: most of it answered, one still to be checked in the second."""
    tale.commented(
        -50,
        "JAXA",
        "delegate",
        1,
        anchor=5,
        clause="2",
        text="A factor of three helps nobody. Agree on figures before you circulate.",
        proposal="Give one range for a small rover, and one for a habitat.",
    )
    tale.commented(
        -49, "NASA", "okafor", 1, anchor=5, clause="2", text="The figures need a common basis."
    )
    tale.commented(
        -48,
        "KARI",
        "seo",
        1,
        anchor=7,
        clause="3",
        text="Say how dust on the arrays is counted in “most of the polar year”.",
    )
    tale.commented(
        -48,
        "UKSA",
        "hughes",
        1,
        kind=CommentKind.EDITORIAL,
        text="“Sun” and “sun” are both used.",
        proposal="Write “Sun”.",
    )
    tale.disposed(
        -45,
        "1",
        Disposition.MODIFIED,
        by="brandt",
        response="Ranges for rover and habitat; the spread goes to the annex.",
    )
    tale.disposed(-45, "2", Disposition.DUPLICATE, by="brandt", duplicate_of=1)
    tale.disposed(
        -44, "4", Disposition.REJECTED, by="brandt", response="The style of the series has both."
    )
    tale.answered(-43, 4, Answer.DISPUTED, by="hughes", words="The guide of 2024 has “Sun” alone.")


def _mars_being_drafted(story: Story) -> None:
    """In drafting: its editor writes the next version, or circulates this one."""
    tale = Tale(story, "GER-SUP-2026")
    tale.proposed(
        -72,
        reason="The roadmap of 2024 leaves the surface of Mars to a supplement",
        title="GER Supplement – Mars Surface",
        kind=Kind.ROADMAP_SUPPLEMENT,
        series="GER",
        edition="3",
        group="ERWG",
        purpose="Describe the first stays on the surface of Mars that agencies have in common.",
        mutual_interest="What is tried on the Moon is chosen with Mars in view.",
        by="chair",
    )
    tale.planned(-71, lead="ASI", agencies="ASI CNES CSA ESA JAXA NASA", baseline=90, forecast=90)
    tale.related(-70, RelationKind.SUPPLEMENTS, "GER-2024")
    tale.drafting(-69, reason="Group and agencies are named", by="chair")
    tale.joined(-68, lead="ASI", contributing="CSA ESA JAXA NASA", following="CNES")
    tale.edited_by(-67, "staff")
    tale.version(-41, 1, note="Outline with the objectives", by="staff")
    tale.version(-22, 2, note="Surface stay and planetary protection written out", by="staff")
    tale.commented(
        -12,
        "CSA",
        "alternate",
        2,
        anchor=3,
        text="Say for how many people, and for how long, a first stay is planned.",
    )
    tale.commented(
        -11, "JAXA", "delegate", 2, kind=CommentKind.GENERAL, text="A table of elements would help."
    )
    tale.disposed(
        -10,
        "2",
        Disposition.PENDING,
        by="staff",
        response="ASI writes it for the next version.",
        action_owner="ASI",
        action_due=12,
    )
    tale.version(-3, 3, note="Spelling, and one name for the habitat", by="staff", editorial=True)
    tale.draft(
        -1,
        base=3,
        added="## 6. What is left open\n\nWhether a second rover goes with the first crew.",
        note="What is left open has a section of its own",
        by="staff",
    )


def _report_proposed(story: Story) -> None:
    """Proposed, with all it needs: the chair or the secretariat starts the drafting."""
    tale = Tale(story, "AR-2026")
    tale.proposed(
        -9,
        reason="The year comes to its end",
        title="ISECG Annual Report 2026",
        kind=Kind.ANNUAL_REPORT,
        series="ANNUAL-REPORT",
        edition="2026",
        group="SCWG",
        purpose="Report what the groups did in the year, and how the Workplan stands.",
    )
    tale.planned(-8, lead="CNES", agencies="CNES ESA NASA", baseline=45, forecast=45)
    tale.joined(-7, lead="CNES", contributing="ESA NASA")


def _navigation_proposed(story: Story) -> None:
    """Proposed, and neither in a group nor on the Workplan: its page says what it needs."""
    tale = Tale(story, "NAV-2026")
    tale.proposed(
        -2,
        reason="Raised at the last teleconference",
        title="Finding on Common Time and Navigation on the Moon",
        kind=Kind.FINDING,
        purpose="Say that agencies need one time and one frame of reference on the Moon.",
        by="chair",
    )
