"""The addresses of products, calls, decisions and the Workplan."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from products.views import (
    agenda,
    call_export,
    call_notices,
    call_requests,
    calls,
    carry_overs,
    circulations,
    comment_entry,
    comment_page,
    comments,
    compare,
    corrections,
    decision_files,
    decisions,
    exchange,
    history,
    home,
    interventions,
    ledger,
    liaison,
    opening,
    policy,
    product_forms,
    products,
    public_comments,
    public_drafts,
    publications,
    relations,
    releasing,
    versions,
    workplan,
    writing,
)


class NameConverter(StringConverter):
    """The name of a file; PostgreSQL fails when it is asked for text with a NUL in it."""

    regex = r"[^/\x00]+"


class FormatConverter(StringConverter):
    """In what format a table of comments is carried."""

    regex = r"csv|xlsx"


register_converter(NameConverter, "name")
register_converter(FormatConverter, "format")

urlpatterns = [
    path("", home.home, name="home"),
    path("products/", products.products, name="products"),
    path("products/new/", product_forms.product_new, name="product_new"),
    path("products/<slug:code>/", products.product, name="product"),
    path("products/<slug:code>/edit/", product_forms.product_edit, name="product_edit"),
    path("products/<slug:code>/acts/<slug:act>/", products.product_act, name="product_act"),
    path("products/<slug:code>/release/", releasing.product_release, name="product_release"),
    path("products/<slug:code>/history/", history.product_history, name="product_history"),
    path("products/<slug:code>/editors/new/", product_forms.editor_new, name="editor_new"),
    path("products/<slug:code>/editors/<int:pk>/end/", product_forms.editor_end, name="editor_end"),
    path("products/<slug:code>/relations/new/", relations.relation_new, name="relation_new"),
    path(
        "products/<slug:code>/relations/<int:pk>/end/", relations.relation_end, name="relation_end"
    ),
    path(
        "products/<slug:code>/participants/new/",
        product_forms.participant_new,
        name="participant_new",
    ),
    path(
        "products/<slug:code>/participants/end/",
        product_forms.participant_end,
        name="participant_end",
    ),
    path("products/<slug:code>/compare/", compare.compare, name="compare"),
    path(
        "products/<slug:code>/compare/since-position/",
        compare.since_position,
        name="since_position",
    ),
    path("products/<slug:code>/versions/new/", writing.version_new, name="version_new"),
    path("products/<slug:code>/draft/", writing.draft, name="draft"),
    path("products/<slug:code>/draft/preview/", writing.draft_preview, name="draft_preview"),
    path(
        "products/<slug:code>/draft/throw-away/",
        writing.draft_throw_away,
        name="draft_throw_away",
    ),
    path("products/<slug:code>/versions/<int:number>/", versions.version, name="version"),
    path(
        "products/<slug:code>/versions/<int:number>/files/<name:name>",
        versions.download,
        name="download",
    ),
    path(
        "products/<slug:code>/versions/<int:number>/send/",
        liaison.version_send,
        name="version_send",
    ),
    path(
        "products/<slug:code>/public-comments/",
        public_comments.public_comments,
        name="public_comments",
    ),
    path(
        "products/<slug:code>/public-comments/open/",
        public_comments.window_open,
        name="public_comments_open",
    ),
    path(
        "products/<slug:code>/public-comments/close/",
        public_comments.window_close,
        name="public_comments_close",
    ),
    path(
        "products/<slug:code>/public-comments/act/",
        public_comments.bulk_act,
        name="public_comments_act",
    ),
    path(
        "products/<slug:code>/public-comments/<int:number>/",
        public_comments.public_comment,
        name="public_comment",
    ),
    path(
        "products/<slug:code>/public-comments/<int:number>/dispose/",
        public_comments.dispose,
        name="public_comment_dispose",
    ),
    path(
        "products/<slug:code>/public-comments/<int:number>/erase/",
        public_comments.erase,
        name="public_comment_erase",
    ),
    path("public-drafts/", public_drafts.public_drafts, name="public_drafts"),
    path(
        "public-drafts/<slug:code>/<int:number>/",
        public_drafts.public_draft,
        name="public_draft",
    ),
    path(
        "public-drafts/<slug:code>/<int:number>/files/<name:name>",
        public_drafts.public_draft_file,
        name="public_draft_file",
    ),
    path(
        "public-drafts/<slug:code>/<int:number>/comment/",
        public_drafts.public_draft_comment,
        name="public_draft_comment",
    ),
    path(
        "publications/<slug:code>/comment/",
        public_drafts.publication_comment,
        name="publication_comment",
    ),
    path("public-comments/thanks/", public_drafts.thanks, name="public_comment_thanks"),
    path("public-comments/privacy/", public_drafts.privacy, name="public_comment_privacy"),
    path(
        "liaison/<slug:code>/statements/new/",
        liaison.statement_new,
        name="statement_new",
    ),
    path("products/<slug:code>/circulate/", circulations.circulation_new, name="circulation_new"),
    path("circulations/<int:pk>/", circulations.circulation, name="circulation"),
    path("products/<slug:code>/comments/", comments.comments, name="comments"),
    path(
        "products/<slug:code>/comments/dispose/", comments.comments_dispose, name="comments_dispose"
    ),
    path(
        "products/<slug:code>/versions/<int:number>/comments/new/",
        comment_entry.comment_new,
        name="comment_new",
    ),
    path(
        "products/<slug:code>/comments/drafts/", comment_entry.comment_drafts, name="comment_drafts"
    ),
    path(
        "products/<slug:code>/comments/drafts/<int:pk>/",
        comment_entry.comment_draft,
        name="comment_draft",
    ),
    path(
        "products/<slug:code>/comments/drafts/<int:pk>/discard/",
        comment_entry.comment_draft_discard,
        name="comment_draft_discard",
    ),
    path(
        "products/<slug:code>/comments/export.<format:suffix>",
        exchange.comments_export,
        name="comments_export",
    ),
    path(
        "products/<slug:code>/comments/template.<format:suffix>",
        exchange.comments_template,
        name="comments_template",
    ),
    path("products/<slug:code>/comments/import/", exchange.comments_import, name="comments_import"),
    path(
        "products/<slug:code>/comments/import/take/", exchange.comments_take, name="comments_take"
    ),
    path("products/<slug:code>/comments/<int:pk>/", comment_page.comment, name="comment"),
    path(
        "products/<slug:code>/comments/<int:pk>/dispose/",
        comment_page.comment_dispose,
        name="comment_dispose",
    ),
    path(
        "products/<slug:code>/comments/<int:pk>/check/",
        comment_page.comment_check,
        name="comment_check",
    ),
    path(
        "products/<slug:code>/comments/<int:pk>/answer/",
        comment_page.comment_answer,
        name="comment_answer",
    ),
    path(
        "products/<slug:code>/comments/<int:pk>/withdraw/",
        comment_page.comment_withdraw,
        name="comment_withdraw",
    ),
    path("products/<slug:code>/call/new/", opening.call_new, name="call_new"),
    path(
        "products/<slug:code>/calls/request/",
        call_requests.call_request_new,
        name="call_request_new",
    ),
    path(
        "call-requests/<int:pk>/decline/",
        call_requests.call_request_decline,
        name="call_request_decline",
    ),
    path("products/<slug:code>/ledger/", ledger.ledger_list, name="ledger"),
    path("products/<slug:code>/ledger/<int:pk>/", ledger.ledger_item, name="ledger_item"),
    path("products/<slug:code>/ledger/<int:pk>/<slug:act>/", ledger.ledger_act, name="ledger_act"),
    path("calls/<int:pk>/", calls.call, name="call"),
    path("calls/<int:pk>/rehearsal.json", call_export.call_rehearsal, name="call_rehearsal"),
    path("calls/<int:pk>/positions/<slug:key>/", calls.call_position, name="call_position"),
    path(
        "calls/<int:pk>/positions/<slug:key>/withdraw/", calls.call_withdraw, name="call_withdraw"
    ),
    path(
        "calls/<int:pk>/positions/<slug:key>/reaffirm/",
        carry_overs.call_reaffirm,
        name="call_reaffirm",
    ),
    path("calls/<int:pk>/contest/", carry_overs.call_contest, name="call_contest"),
    path("calls/<int:pk>/on-behalf/", calls.call_on_behalf, name="call_on_behalf"),
    path("calls/<int:pk>/extend/", calls.call_extend, name="call_extend"),
    path("calls/<int:pk>/recall/", calls.call_recall, name="call_recall"),
    path("calls/<int:pk>/return/", calls.call_return, name="call_return"),
    path("calls/<int:pk>/beside/<slug:key>/", interventions.call_intervene, name="call_intervene"),
    path(
        "calls/<int:pk>/beside-on-behalf/",
        interventions.call_intervene_on_behalf,
        name="call_intervene_on_behalf",
    ),
    path(
        "interventions/<int:pk>/answer/",
        interventions.intervention_answer,
        name="intervention_answer",
    ),
    path("calls/<int:pk>/notices/", call_notices.call_notices, name="call_notices"),
    path(
        "calls/<int:pk>/notices/<slug:key>/serve/",
        call_notices.call_serve_again,
        name="call_serve_again",
    ),
    path(
        "calls/<int:pk>/notices/<slug:key>/waive/",
        call_notices.call_waive_notice,
        name="call_waive_notice",
    ),
    path("calls/<int:pk>/declare/", decisions.declare, name="declare"),
    path("decisions/", decisions.decision_list, name="decisions"),
    path("decisions/<int:year>/<int:serial>/", decisions.decision, name="decision"),
    path(
        "decisions/<int:year>/<int:serial>/record.pdf",
        decision_files.decision_pdf,
        name="decision_pdf",
    ),
    path(
        "decisions/<int:year>/<int:serial>/record.json",
        decision_files.decision_json,
        name="decision_json",
    ),
    path(
        "decisions/<int:year>/<int:serial>/correct/",
        corrections.decision_correct,
        name="decision_correct",
    ),
    path(
        "decisions/<int:year>/<int:serial>/revisions/<int:revision>/",
        decisions.decision,
        name="decision_revision",
    ),
    path(
        "decisions/<int:year>/<int:serial>/revisions/<int:revision>/record.pdf",
        decision_files.decision_pdf,
        name="decision_revision_pdf",
    ),
    path(
        "decisions/<int:year>/<int:serial>/revisions/<int:revision>/record.json",
        decision_files.decision_json,
        name="decision_revision_json",
    ),
    path("agenda/<int:pk>/product/", agenda.agenda_link, name="agenda_link"),
    path("publications/", publications.catalogue, name="publications"),
    path("publications/feed.atom", publications.feed, name="publications_feed"),
    path("publications/<slug:code>/", publications.publication, name="publication"),
    path(
        "publications/<slug:code>/files/<name:name>",
        publications.publication_file,
        name="publication_file",
    ),
    path(
        "publications/<slug:code>/metadata.json",
        publications.publication_metadata,
        name="publication_metadata",
    ),
    path(
        "publications/<slug:code>/citation.json",
        publications.publication_csl,
        name="publication_csl",
    ),
    path(
        "publications/<slug:code>/citation.ris",
        publications.publication_ris,
        name="publication_ris",
    ),
    path("robots.txt", publications.robots, name="robots"),
    path("policy/", policy.policy, name="policy"),
    path("workplan/", workplan.workplan, name="workplan"),
    path("workplan/new/", workplan.workplan_item_new, name="workplan_item_new"),
    path("workplan/<int:pk>/", workplan.workplan_item, name="workplan_item"),
    path("workplan/<int:pk>/edit/", workplan.workplan_item_edit, name="workplan_item_edit"),
]
