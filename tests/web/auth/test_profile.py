from __future__ import annotations

from django.test import Client

from batch.web.auth import services
from batch.web.models import Invitation
from tests.web.conftest import PASSWORD, ClientFor, People

_NEW = "another battery staple"


def test_language_and_email_are_saved_and_nothing_else(viewer: Client, people: People) -> None:
    sent = {"email": "v@example.com", "language": "fr", "can_approve": "on", "full_name": "Somebody Else"}
    assert viewer.post("/profile", sent).status_code == 302
    people.viewer.refresh_from_db()
    assert (people.viewer.email, people.viewer.language) == ("v@example.com", "fr")
    assert not people.viewer.can_approve
    assert people.viewer.full_name == "Viewer Test"
    assert "Vos réglages sont enregistrés." not in viewer.post("/profile", {"email": "nonsense"}).content.decode()


def test_a_new_password_ends_the_other_sessions_and_open_links(people: People, client_for: ClientFor) -> None:
    here, elsewhere = client_for(people.viewer), client_for(people.viewer)
    services.make_link(people.viewer)
    form = {"old_password": PASSWORD, "new_password1": _NEW, "new_password2": _NEW}
    assert here.post("/profile/password", form).status_code == 302
    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").status_code == 302
    assert not Invitation.objects.exists()


def test_whoever_does_not_know_the_present_password_cannot_change_it(viewer: Client, people: People) -> None:
    form = {"old_password": "wrong", "new_password1": _NEW, "new_password2": _NEW}
    for _attempt in range(5):
        assert viewer.post("/profile/password", form).status_code == 200
    page = viewer.post("/profile/password", {**form, "old_password": PASSWORD})
    assert "quarter of an hour" in page.content.decode()
    people.viewer.refresh_from_db()
    assert people.viewer.check_password(PASSWORD)
