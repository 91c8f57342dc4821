"""The forms with which people come in and set themselves up. Labels are looked up when they are shown."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateMFAForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy

from batch.i18n import Language
from batch.web.auth import services
from batch.web.models import Person

LANGUAGES = [
    ("", gettext_lazy("As the browser asks")),
    (Language.ENGLISH.value, "English"),
    (Language.FRENCH.value, "Français"),
]


_USERNAME_ATTRS = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


def _make_password_field(label: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
    return forms.CharField(label=label, max_length=200, strip=False, widget=widget)


class LoginForm(AllauthLoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=gettext_lazy("User name"), max_length=64, widget=forms.TextInput(attrs=_USERNAME_ATTRS)
        )
        self.fields["password"] = _make_password_field(gettext_lazy("Password"))


class PasswordAgainForm(ReauthenticateForm):  # type: ignore[misc]
    password = _make_password_field(gettext_lazy("Password"))

    def clean_password(self) -> str:
        """Check it; say to wait where it is not even looked at."""
        if get_account_adapter().reauthenticate(self.user, self.cleaned_data["password"]):
            return str(self.cleaned_data["password"])
        raise forms.ValidationError(services.explain_refusal(self.user))


class NewPasswordForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]
    new_password1, new_password2 = SetPasswordMixin.create_password_fields(
        label1=gettext_lazy("New password"), label2=gettext_lazy("New password, once more")
    )

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        self.person = person
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = gettext_lazy(
            "At least 12 characters; not only digits, not your name, not a common password."
        )
        self.fields["new_password2"].help_text = ""

    def clean(self) -> dict[str, Any] | None:
        self.validate_passwords("new_password1", "new_password2")
        self.validate_password_for_user(self.person, "new_password2")
        return super().clean()


class PasswordForm(NewPasswordForm):
    old_password = _make_password_field(gettext_lazy("Present password"))
    field_order = ("old_password", "new_password1", "new_password2")

    def clean_old_password(self) -> str:
        """Check the present password; wrong ones are counted as wrong confirmations are."""
        old: str = self.cleaned_data["old_password"]
        if not services.try_password(self.person, old):
            raise forms.ValidationError(services.explain_wrong_password(self.person))
        return old


class FirstForm(NewPasswordForm):
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=64,
        validators=[UnicodeUsernameValidator()],
        help_text=gettext_lazy("What you log in with: letters, digits and @ . + - _ only."),
        widget=forms.TextInput(attrs=_USERNAME_ATTRS),
    )
    full_name = forms.CharField(
        label=gettext_lazy("Full name"),
        max_length=120,
        help_text=gettext_lazy("As reports and the audit log give it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        required=False,
        help_text=gettext_lazy("For notifications; may be left empty."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("username", "full_name", "email", "new_password1", "new_password2")

    def clean_username(self) -> str:
        return str(Person.normalize_username(self.cleaned_data["username"]))

    def clean(self) -> dict[str, Any] | None:
        """Compare the password with the names entered beside it."""
        for name in ("username", "full_name", "email"):
            setattr(self.person, name, self.cleaned_data.get(name, ""))
        return super().clean()


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What people set for themselves. Their name is set by an administrator: reports rely on it."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES, required=False)

    class Meta:
        model = Person
        fields = ("email", "language")
        labels: ClassVar = {"email": gettext_lazy("Email")}
        help_texts: ClassVar = {"email": gettext_lazy("For notifications; may be left empty.")}


class _CodeField(forms.CharField):
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"})

    def to_python(self, value: Any) -> str:
        return services.clean_code(super().to_python(value) or "")


_EITHER = gettext_lazy("Code that the app shows, or a recovery code")


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    code = _CodeField(label=_EITHER, max_length=20)


class CodeAgainForm(ReauthenticateMFAForm):  # type: ignore[misc]
    code = _CodeField(label=_EITHER, max_length=20)


class FirstCodeForm(ActivateTOTPForm):  # type: ignore[misc]
    code = _CodeField(label=gettext_lazy("Code that the app shows"), max_length=12)


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(
        label=gettext_lazy("Name of the passkey"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Such as the device that keeps it."),
    )
