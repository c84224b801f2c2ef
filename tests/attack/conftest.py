"""The wired application of the turns' tests, for attacks on it."""

from tests.turns.conftest import house, small_house

__all__ = ["house", "small_house"]
