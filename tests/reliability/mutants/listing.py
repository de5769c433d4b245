"""Print the survivors of a part that are not listed: `PYTHONPATH=tests python -m reliability.mutants.listing landing`."""

from __future__ import annotations

import sys

from reliability.mutants.judging import judged
from reliability.mutants.parts import part_named
from reliability.mutants.verdicts import function_of

if __name__ == "__main__":
    for name in sys.argv[1:]:
        result = judged(part_named(name))
        for mutant, change in result.unlisted.items():
            print(f"{function_of(mutant)}  ({mutant.rpartition('_')[2]})\n{change}\n")
        print("without a plain test:", *result.unreached, sep="\n  ")
        print(f"{name}: {result.note}, {len(result.unlisted)} survivors not listed, {len(result.found.timed_out)} hang")
