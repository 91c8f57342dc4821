"""The list of sub-accounts, one sub-account with every movement it had, and the template."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from batch.errors import CreditbatchError
from batch.ledger.orm.models import Movement
from batch.ledger.orm.queries import list_history
from batch.model import Balances
from batch.web.access import Role, require_role
from batch.web.credentials import fetch_account
from batch.web.presenters import PAGE, paginate

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_role(Role.VIEWER)
def show_accounts(request: HttpRequest) -> HttpResponseBase:
    """Show the main balance and every sub-account's, searched by token or email."""
    context: dict[str, object] = {"section": "accounts", "search": request.GET.get("q", "").strip()[:200]}
    try:
        account = fetch_account(fresh="fresh" in request.GET)
    except CreditbatchError as error:
        return render(request, "web/accounts/list.html", {**context, "failure": str(error)})
    text = str(context["search"]).casefold()
    found = [each for each in account.subaccounts if text in each.token.casefold() or text in each.email.casefold()]
    by_balance = request.GET.get("sort") == "balance"
    found.sort(key=(lambda each: (each.balance, each.token)) if by_balance else (lambda each: (each.token,)))
    context |= {
        "account": account,
        "page": paginate(request, found),
        "by_balance": by_balance,
        "total": sum((each.balance for each in account.subaccounts), start=account.main * 0),
    }
    return render(request, "web/accounts/list.html", context)


@require_role(Role.VIEWER)
def show_account(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show one sub-account: its balance now, and what every batch did to it."""
    page = paginate(request, range(Movement.objects.filter(token=token).count()))
    past = list_history(token, (page.number - 1) * PAGE, PAGE)
    context: dict[str, object] = {"section": "accounts", "token": token, "page": page, "past": past}
    try:
        found = next((each for each in fetch_account().subaccounts if each.token == token), None)
        context["subaccount"] = found
    except CreditbatchError as error:
        found = None
        context["failure"] = str(error)
    if found is None and not past and "failure" not in context:
        raise Http404
    return render(request, "web/accounts/one.html", context)


@require_role(Role.VIEWER)
def download_template(request: HttpRequest) -> HttpResponseBase:
    """Offer a workbook to fill in, with the real sub-accounts and their balances."""
    from batch.report.template import choose_file_name, make_template

    try:
        account = fetch_account()
    except CreditbatchError as error:
        messages.error(request, str(error))
        return redirect("accounts")
    balances = Balances(account.main, {each.token: each.balance for each in account.subaccounts}, account.at)
    answer = HttpResponse(make_template(account.subaccounts, balances), content_type=_WORKBOOK)
    answer["Content-Disposition"] = f'attachment; filename="{choose_file_name()}"'
    return answer
