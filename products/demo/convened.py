"""Products of the story whose calls tell more: a ledger, a silence procedure."""

from products.consensus import Mode, Outcome, Stand
from products.demo.story import Story
from products.demo.tales import Tale
from products.models.products import Kind
from products.relations import RelationKind


def resources_to_be_declared(story: Story) -> None:
    """In consensus with its deadline passed: the chair declares what it came to."""
    tale = Tale(story, "ISRU-2026")
    tale.proposed(
        -135,
        reason="Five years of results since the first assessment",
        title="In-Situ Resource Utilization Gap Assessment, Update",
        kind=Kind.GAP_ASSESSMENT,
        edition="2",
        group="TWG",
        purpose="Bring the assessment of 2021 up to date with what was tried since.",
        mutual_interest="Each agency works on a part of the chain from regolith to oxygen.",
    )
    tale.planned(-134, lead="LSA", agencies="CNES ESA JAXA LSA NASA", baseline=-10, forecast=10)
    tale.related(-133, RelationKind.UPDATES, "ISRU-2021")
    tale.drafting(-132, reason="Group and agencies are named", by="chair")
    tale.joined(-131, lead="LSA", contributing="CNES ESA JAXA NASA")
    tale.version(-112, 1, note="First draft of the assessment team", by="tanabe")
    tale.version(-82, 2, note="Test results added; two gaps closed, one new", by="tanabe")
    tale.circulated(-80, until=-67, note="For comments by all members", by="brandt")
    _first_call_on_resources(tale)
    tale.called(
        -21,
        deadline=-1,
        question="Does your agency concur with version 2 of the update, for release?",
    )
    tale.position(-18, "LSA", Stand.CONCUR, "weber")
    tale.position(-15, "JAXA", Stand.CONCUR, "delegate")
    tale.position(-12, "ESA", Stand.CONCUR, "solberg")
    tale.position(-9, "CNES", Stand.CONCUR, "chair")


def _first_call_on_resources(tale: Tale) -> None:
    """Agreed provisionally on the first version: the conditions stand on the ledger."""
    tale.circulated(-111, until=-98, note="For comments by all members", by="brandt")
    tale.called(
        -96,
        deadline=-87,
        question="Does your agency concur with version 1 of the update, for release?",
    )
    tale.position(-94, "LSA", Stand.CONCUR, "weber")
    tale.position(-93, "ESA", Stand.CONCUR, "dewit")
    tale.position(
        -92,
        "JAXA",
        Stand.CONDITION,
        "delegate",
        words="Section 2 says that a gap is closed, and names no test. Add the hours run, and in "
        "what simulant; with that, JAXA concurs.",
    )
    tale.position(
        -90,
        "NASA",
        Stand.CONDITION,
        "okafor",
        words="Section 4 hands a gap to another assessment. Say to which, so that it is not lost.",
    )
    tale.declared(
        -85,
        Outcome.PROVISIONAL,
        statement="Agreed subject to the conditions of JAXA and NASA, which go to the editors.",
    )


def quiet_in_silence(story: Story) -> None:
    """In a silence procedure: an editorial version on the way, and a seat that is vacant."""
    tale = Tale(story, "QUIET-2026")
    tale.proposed(
        -66,
        reason="Asked for by the science group while it wrote on the far side",
        title="Radio Quiet on the Far Side of the Moon",
        kind=Kind.RECOMMENDATION,
        group="SWG",
        purpose="Keep the far side fit for radio astronomy while agencies go there.",
        mutual_interest="One transmitter is enough to spoil the silence for all.",
    )
    tale.planned(
        -65, lead="UKSA", agencies="CNES ESA ISRO JAXA NASA SSAU UKSA", baseline=5, forecast=8
    )
    tale.drafting(-64, reason="Group and agencies are named", by="chair")
    tale.joined(-63, lead="UKSA", contributing="CNES ESA ISRO JAXA NASA", following="SSAU")
    tale.version(-46, 1, note="First draft, agreed in the group", by="rao")
    tale.circulated(-45, until=-31, note="For comments by all members", by="rao")
    tale.called(
        -4,
        deadline=3,
        mode=Mode.SILENCE,
        question="Version 1 is agreed unless an agency breaks the silence. Does any agency?",
    )
    tale.position(-3, "UKSA", Stand.CONCUR, "hughes")
    tale.version(-2, 2, note="“Agencies” in section 3", by="rao", editorial=True)
