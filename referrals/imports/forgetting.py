"""What imports hold of a person who is erased: the file's rows, and the problems reported of them."""

from referrals.imports.drafts import forget_drafts
from referrals.imports.models import Import, ImportProblem
from referrals.pipeline.erasing import Erasure, erases, rewrite, rewrite_file
from referrals.pipeline.models import Referral


@erases("import rows")
def forget_in_imports(erasure: Erasure) -> int:
    """Put the pseudonym into imported files that hold the person, and into the problems reported of them."""
    referrals = Referral.objects.filter(id__in=erasure.referral_ids, import_id__isnull=False)
    imports = list(Import.objects.filter(id__in=referrals.values("import_id")))
    for row in imports:
        forget_drafts(row)
    count = sum(rewrite_file(row, "file", erasure) for row in imports)
    problems = ImportProblem.objects.filter(source_id__in=[row.id for row in imports])
    return count + sum(rewrite(problem, ("value",), erasure) for problem in problems)
