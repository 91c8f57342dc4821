"""The forms of the administration. Labels are looked up when they are shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy

from batch.errors import SettingsError
from batch.i18n import Language, _
from batch.money import CENT
from batch.settings import PROVIDER_URL
from batch.web import credentials
from batch.web.access import Role
from batch.web.auth.forms import LANGUAGES
from batch.web.models import Person, SiteSettings
from batch.web.rules import count_active, find_asked_limits

ROLE_FIELDS = ("can_prepare", "can_approve", "can_administer")


ROLES = [
    (Role.VIEWER.value, gettext_lazy("everybody")),
    (Role.PREPARER.value, gettext_lazy("preparers")),
    (Role.APPROVER.value, gettext_lazy("approvers")),
    (Role.ADMINISTRATOR.value, gettext_lazy("administrators")),
]


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES, required=False)

    class Meta:
        model = Person
        fields = ("full_name", "email", "language", *ROLE_FIELDS, "is_active")
        labels: ClassVar = {
            "full_name": gettext_lazy("Full name"),
            "email": gettext_lazy("Email"),
            "can_prepare": gettext_lazy("Preparer: uploads and corrects sheets"),
            "can_approve": gettext_lazy("Approver: approves, starts, stops, resumes and decides"),
            "can_administer": gettext_lazy("Administrator: people, the connection, limits"),
            "is_active": gettext_lazy("Active: may log in"),
        }
        help_texts: ClassVar = {
            "full_name": gettext_lazy("As reports and the audit log give it."),
            "email": gettext_lazy("For notifications; may be left empty."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["full_name"].required = True

    def clean_full_name(self) -> str:
        """Refuse the name of somebody else: reports and the audit log tell people apart by it."""
        name = " ".join(self.cleaned_data["full_name"].split())
        others = Person.objects.exclude(pk=self.instance.pk).filter(full_name__iexact=name)
        if others.exists():
            raise forms.ValidationError(_("Somebody else has this name: add what tells them apart."))
        return name


class NewPersonForm(PersonForm):
    class Meta(PersonForm.Meta):
        fields = ("username", "full_name", "email", "language", *ROLE_FIELDS)
        labels: ClassVar = {**PersonForm.Meta.labels, "username": gettext_lazy("User name")}
        help_texts: ClassVar = {
            **PersonForm.Meta.help_texts,
            "username": gettext_lazy("What they log in with: letters, digits and @ . + - _ only."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(UnicodeUsernameValidator())
        self.fields["username"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}

    def clean_username(self) -> str:
        """Refuse a name that differs from another in capitals only."""
        username = str(Person.normalize_username(self.cleaned_data["username"]))
        if Person.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("There is somebody of this user name already."))
        return username


class ConnectionForm(forms.Form):
    """The provider's address and the key. The key is asked for with every change, and never shown."""

    api_url = forms.CharField(label=gettext_lazy("Address of the API"), max_length=200, initial=PROVIDER_URL)
    key = forms.CharField(
        label=gettext_lazy("API key of the main account"),
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("It is stored encrypted and never shown again. A change of the address needs it again."),
    )

    def clean(self) -> dict[str, Any]:
        """Check both by the rules that the environment's settings follow."""
        found = super().clean() or {}
        if "api_url" in found and "key" in found:
            try:
                found["api_url"], found["secret"] = credentials.validate_connection(found["api_url"], found["key"])
            except SettingsError as error:
                self.add_error(None, str(error))
        return found


def _make_limit_field(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        help_text=gettext_lazy(
            "Above it, two approvers are needed; empty: no limit. Lowered, it holds at once; raised, after a day."
        ),
    )


class RulesForm(forms.Form):
    row_limit = _make_limit_field(gettext_lazy("Limit of a row, in euros"))
    batch_limit = _make_limit_field(gettext_lazy("Limit of a batch (added and removed together), in euros"))
    four_eyes = forms.BooleanField(
        label=gettext_lazy("Four eyes: nobody approves what they prepared"),
        required=False,
        help_text=gettext_lazy("Can be switched off only while one single person is active; reports say so."),
    )
    second_factor_roles = forms.MultipleChoiceField(
        label=gettext_lazy("Second factor: whoever has one of these roles enrols it before anything else"),
        required=False,
        choices=ROLES,
        widget=forms.CheckboxSelectMultiple,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language for people whose browser asks for neither"),
        choices=LANGUAGES[1:],
    )

    @classmethod
    def from_settings(cls, data: Any, current: SiteSettings) -> RulesForm:
        asked = find_asked_limits(current, timezone.now())
        limits = {"row_limit": asked.row, "batch_limit": asked.batch}
        initial = {name: None if limit is None else limit.quantize(CENT) for name, limit in limits.items()}
        language, asked = current.language or Language.ENGLISH.value, current.second_factor_roles
        return cls(
            data,
            initial={**initial, "four_eyes": current.four_eyes, "language": language, "second_factor_roles": asked},
        )

    def clean_four_eyes(self) -> bool:
        """Refuse to switch it off as long as there are two people."""
        chosen: bool = self.cleaned_data["four_eyes"]
        if not chosen and count_active() != 1:
            raise forms.ValidationError(_("Four eyes can be switched off only while one single person is active."))
        return chosen
