"""Long modules first, shared out among the processes, so that none is left alone with one at the end."""

import pytest

# Seconds on a quiet box of two cores, roughly; a module that is missing only costs time.
LONG = {
    "prm/stack/test_demo.py": 80,
    "journeys/test_money_in_depth.py": 75,
    "architecture/test_isolation.py": 60,
    "referrals/test_referrals_in_a_browser.py": 60,
    "referrals/test_imports_in_a_browser.py": 50,
    "journeys/test_visitor_becomes_partner.py": 45,
    "partners/onboarding/test_onboarding_in_a_browser.py": 40,
    "partners/test_screens_in_a_browser.py": 30,
    "prm/events/test_delivery.py": 30,
    "prm/web/test_sign_in_pages.py": 27,
    "partners/training/test_courses_in_a_browser.py": 25,
    "architecture/test_query_plans.py": 25,
    "prm/jobs/test_takeover.py": 20,
    "prm/analytics/test_figures.py": 20,
    "journeys/test_partner_gets_paid.py": 18,
    "commissions/payouts/test_archive_killed.py": 17,
    "partners/applications/test_queue_in_a_browser.py": 17,
    "prm/accounts/test_partner_view.py": 17,
    "commissions/accruals/test_boundaries.py": 17,
    "prm/signin/test_browser.py": 16,
    "commissions/payouts/test_races.py": 15,
    "commissions/test_verify_ledger.py": 15,
    "prm/signin/test_factor_matrix.py": 13,
    "commissions/test_money_machine.py": 40,
    "prm/stack/test_stores.py": 12,
    "referrals/test_hostile_capture.py": 12,
    "referrals/imports/test_import.py": 10,
}


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0].removeprefix("tests/")


def shared_out(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Return the items in the order in which `--dist worksteal` gives each process long modules first.

    It cuts the list into one stretch for each process and later moves items from the end of a stretch. So each stretch
    begins with its share of the long modules, whole, and goes on with the others in the order they came in.
    """
    by_module: dict[str, list[pytest.Item]] = {}
    for item in items:
        by_module.setdefault(_module(item), []).append(item)
    long = sorted(by_module.keys() & LONG, key=lambda module: (-LONG[module], module))
    shares: list[list[pytest.Item]] = [[] for _ in range(processes)]
    seconds = [0] * processes
    for module in long:
        least = seconds.index(min(seconds))
        shares[least] += by_module.pop(module)
        seconds[least] += LONG[module]
    others = [item for found in by_module.values() for item in found]
    ordered: list[pytest.Item] = []
    for number, share in enumerate(shares):
        # As xdist cuts: what is left, by the processes that are left.
        size = (len(items) - len(ordered)) // (processes - number)
        room = max(0, size - len(share))
        ordered += share + others[:room]
        others = others[room:]
    return ordered + others
