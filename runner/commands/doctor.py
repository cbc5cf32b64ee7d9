"""`./paasport doctor`: the report about this machine. What is looked at and how is in `runner/doctor.py`."""

from __future__ import annotations

import pathlib

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def doctor(root: pathlib.Path, *, as_json: bool) -> int:
    """Look at this machine: what is there, what is missing, what to do about it. Exit code 1 where something fails."""
    from runner import doctor as examination  # noqa: PLC0415 - `--help` need not wait for them
    from runner import document  # noqa: PLC0415 - likewise

    found = []
    for finding in examination.findings(root=root):
        found.append(finding)
        if not as_json:
            click.echo(f"{finding.verdict:<5} {finding.name:<14} {finding.found}")
            if finding.next:
                click.echo(f"{'':<20} next: {finding.next}")
    if as_json:
        click.echo(document.render(examination.document(found)))
    return int(any(finding.verdict is examination.Verdict.FAIL for finding in found))
