"""Who may import whom: the contracts of pyproject.toml."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_imports_keep_the_contracts() -> None:
    """Modules import only from layers below, and the write side and the read side not from each other."""
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS
