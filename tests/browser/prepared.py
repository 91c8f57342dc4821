"""`python -m tests.browser.prepared HOME`: a site's folder with people who are logged in already.

Run in a process of its own, because the browser's tests never open the database themselves. Prints the sessions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from batch.web.configure import configure

PASSWORD = "correct horse battery"
PEOPLE = {
    "viewer": {},
    "paula": {"full_name": "Paula Prepares", "can_prepare": True},
    "anton": {"full_name": "Anton Approves", "can_approve": True},
    "berta": {"full_name": "Berta Approves", "can_approve": True},
    "chief": {"full_name": "The Chief", "can_prepare": True, "can_approve": True, "can_administer": True},
}


def main() -> None:
    configure(Path(sys.argv[1]), None)
    from django.conf import settings
    from django.contrib.auth.hashers import make_password
    from django.db import connection
    from django.test import Client

    from batch.web.models import Person

    password = make_password(PASSWORD)
    sessions = {}
    for username, fields in PEOPLE.items():
        person = Person.objects.create(username=username, email=f"{username}@example.com", password=password, **fields)
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        sessions[username] = client.cookies[settings.SESSION_COOKIE_NAME].value
    # The folder is copied: nothing may be left in the write-ahead log.
    connection.close()
    print(json.dumps(sessions))


if __name__ == "__main__":
    main()
