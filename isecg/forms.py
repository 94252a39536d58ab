"""How every form field is drawn."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Draw forms and their fields by our own templates."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
