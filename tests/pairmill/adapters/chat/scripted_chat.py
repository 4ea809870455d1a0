"""A chat in this process that answers as a function says: the port's twin, for tests above it."""

from collections.abc import Callable, Iterable, Iterator

from pairmill.core.errors import RejectError
from pairmill.ports.chat import Answer, Ask, Tokens

Said = str | Answer | RejectError


class ScriptedChat:
    """Answers in the order of asking, and remembers what it was asked. model: its name."""

    def __init__(self, say: Callable[[Ask], Said], model: str = "scripted/one") -> None:
        self._say, self._model = say, model
        self.asked = list[Ask]()

    @property
    def model(self) -> str:
        """The name under which the model is asked for."""
        return self._model

    def answer(self, asks: Iterable[Ask]) -> Iterator[tuple[Ask, Answer | RejectError]]:
        """Yield what the function says; a text becomes an answer with a token a word."""
        for ask in asks:
            self.asked.append(ask)
            said = self._say(ask)
            yield ask, self._answer(said) if isinstance(said, str) else said

    def _answer(self, text: str) -> Answer:
        tokens = Tokens(prompt=1, completion=len(text.split()))
        return Answer(text=text, model=self._model, finish="stop", tokens=tokens)
