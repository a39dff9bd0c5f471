"""Every error that a caller is meant to see: one root, each class with its HTTP status and its exit code."""

from typing import Any, ClassVar


class KgraphError(Exception):
    """Something that the caller can understand and act on.

    `extra` holds further members of the problem document (RFC 9457), such as `line` or `accepted`.
    """

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 3
    title: ClassVar[str] = "Internal error"
    code: ClassVar[str] = "internal"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = {key: value for key, value in extra.items() if value is not None}

    def problem(self) -> dict[str, Any]:
        """Return the members of an `application/problem+json` document (RFC 9457, section 3)."""
        return {
            "type": f"https://w3id.org/kgraph/problem/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


class SettingsError(KgraphError):
    """`kgraph.toml`, an environment variable or a flag holds something that is not accepted."""

    exit_code, title, code = 1, "Bad setting", "bad-setting"


class NoCorpus(KgraphError):
    """No corpus folder was found."""

    title, code = "No corpus here", "no-corpus"


class NoRelease(KgraphError):
    """There is no release to read."""

    status, title, code = 503, "No release", "no-release"


class BrokenRelease(NoRelease):
    """A release folder is there, but not whole."""

    title, code = "Broken release", "broken-release"


class CannotVerify(KgraphError):
    """There is nothing to verify, nothing to hold it against, or it cannot be read."""

    title, code = "Cannot verify", "cannot-verify"


class Withheld(KgraphError):
    """A claim whose content was taken out of the release; `date` and `reason`, a class, say when and why."""

    status, exit_code, title, code = 410, 1, "Withheld", "withheld"


class NoArchive(KgraphError):
    """The archive, or a document's text in it, is not there."""

    title, code = "No archive", "no-archive"


class InvalidData(KgraphError):
    """The data have findings of severity error; nothing was built."""

    status, exit_code, title, code = 500, 1, "Invalid data", "invalid-data"


class UnknownThing(KgraphError):
    """No such claim, saved query or other thing."""

    status, exit_code, title, code = 404, 1, "Not found", "not-found"


class NotServed(KgraphError):
    """A link pins a version of a saved query, or a release, that is not the one served now."""

    status, exit_code, title, code = 404, 1, "Not served now", "not-served"


class BadRequest(KgraphError):
    """A parameter is missing, unknown, doubled or malformed."""

    status, exit_code, title, code = 400, 2, "Bad request", "bad-request"


class QuerySyntaxError(KgraphError):
    """The query is not SPARQL; `line`, `column` (from 1) and `source` (that line) say where."""

    status, exit_code, title, code = 400, 1, "Query syntax error", "query-syntax"


class QueryRefused(KgraphError):
    """The query asks for what this endpoint never does: an update, or a call to another server."""

    status, exit_code, title, code = 403, 1, "Refused", "refused"


class NotAcceptable(KgraphError):
    """None of the media types that the client accepts is on offer."""

    status, exit_code, title, code = 406, 2, "Not acceptable", "not-acceptable"


class TooLarge(KgraphError):
    """The request or its result passes a limit."""

    status, title, code = 413, "Too large", "too-large"


class UnsupportedMediaType(KgraphError):
    """The request body is of a type that is not taken here."""

    status, exit_code, title, code = 415, 2, "Unsupported media type", "unsupported-media-type"


class Busy(KgraphError):
    """Every reader is at work and none came free in time; `retry_after` is in seconds."""

    status, title, code = 503, "Busy", "busy"


class ReaderDied(KgraphError):
    """The query took its reader process down, most often by its memory limit."""

    status, title, code = 503, "Out of resources", "out-of-resources"


class DeadlinePassed(KgraphError):
    """The query was not done at its deadline and was ended."""

    status, title, code = 504, "Deadline passed", "deadline-passed"
