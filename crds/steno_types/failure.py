"""The one failure table: every reason, whose it is, what is done about it, and what to tell people.

Read by the worker's exception tree (exit codes), the operator (podFailurePolicy, status), the gateway (error
bodies), ``docs/failure-reasons.md`` and the tests. Must not know who raises a reason or how it travels.

Few exit codes, many reasons: a Job can only act on the code, so the code carries the disposition and the reason
travels as JSON in the termination message (`steno_types.messages`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Disposition(StrEnum):
    """What the system does with an attempt that ended this way."""

    INTERRUPTED = "interrupted"
    """The cluster ended it: retried free of charge."""
    TERMINAL = "terminal"
    """No retry can help: the job fails at once."""
    RETRYABLE = "retryable"
    """Another attempt may succeed: counted against ``backoffLimit``."""
    BUG = "bug"
    """Steno's own fault as far as it can tell: retried like the retryable, and alerted."""


class Blame(StrEnum):
    """Who has to act."""

    USER = "user"
    """Whoever submitted the recording."""
    PLATFORM = "platform"
    """Whoever runs the cluster."""


class Reason(StrEnum):
    """Why a job failed; CamelCase like every Kubernetes condition reason."""

    TERMINATED = "Terminated"
    PREEMPTED = "Preempted"
    DRAINED = "Drained"
    EVICTED = "Evicted"
    NODE_LOST = "NodeLost"
    SUSPENDED = "Suspended"
    AUDIO_UNDECODABLE = "AudioUndecodable"
    NO_AUDIO_STREAM = "NoAudioStream"
    AUDIO_TOO_LONG = "AudioTooLong"
    LANGUAGE_UNSUPPORTED = "LanguageUnsupported"
    OPTION_UNSUPPORTED = "OptionUnsupported"
    TRANSCRIPT_INCOMPLETE = "TranscriptIncomplete"
    SOURCE_NOT_FOUND = "SourceNotFound"
    SOURCE_FORBIDDEN = "SourceForbidden"
    SOURCE_TOO_LARGE = "SourceTooLarge"
    SOURCE_CORRUPT = "SourceCorrupt"
    SOURCE_UNAVAILABLE = "SourceUnavailable"
    PROFILE_UNKNOWN = "ProfileUnknown"
    ENGINE_UNAVAILABLE = "EngineUnavailable"
    MODEL_UNKNOWN = "ModelUnknown"
    MODEL_DOWNLOAD_FAILED = "ModelDownloadFailed"
    SELF_TEST_FAILED = "SelfTestFailed"
    SETTINGS_INVALID = "SettingsInvalid"
    OUTPUT_FORBIDDEN = "OutputForbidden"
    STORAGE_UNAVAILABLE = "StorageUnavailable"
    DEVICE_OUT_OF_MEMORY = "DeviceOutOfMemory"
    ENGINE_FAILED = "EngineFailed"
    SCRATCH_FULL = "ScratchFull"
    OUT_OF_MEMORY = "OutOfMemory"
    WORKER_STALLED = "WorkerStalled"
    JOB_LOST = "JobLost"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    POD_CONFIG_INVALID = "PodConfigInvalid"
    JOB_REFUSED = "JobRefused"
    CANCELLED = "Cancelled"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    PENDING_DEADLINE_EXCEEDED = "PendingDeadlineExceeded"
    QUEUE_PRIORITY_UNKNOWN = "QueuePriorityUnknown"
    NAME_TAKEN = "NameTaken"
    INTERNAL_ERROR = "InternalError"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One row of the table."""

    reason: Reason
    disposition: Disposition
    blame: Blame
    exit_code: int | None
    """The worker's exit code (sysexits.h where it has one); None where only the operator can see it."""
    meaning: str
    """What happened, for the person who submitted the recording: one sentence."""
    remedy: str
    """What to do about it: one sentence."""

    @property
    def retryable(self) -> bool:
        """Whether another attempt on the same input may succeed."""
        return self.disposition is not Disposition.TERMINAL


FAILURES: Final = (
    Failure(
        reason=Reason.TERMINATED,
        disposition=Disposition.INTERRUPTED,
        blame=Blame.PLATFORM,
        exit_code=143,  # 128 + SIGTERM
        meaning="The cluster ended the worker before it was done.",
        remedy="Nothing: the job is attempted again, free of charge.",
    ),
    Failure(
        reason=Reason.PREEMPTED,
        disposition=Disposition.INTERRUPTED,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The worker had to make room for something more important.",
        remedy="Nothing: the job is attempted again, free of charge.",
    ),
    Failure(
        reason=Reason.DRAINED,
        disposition=Disposition.INTERRUPTED,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The worker was evicted, as when a node is drained.",
        remedy="Nothing: the job is attempted again, free of charge.",
    ),
    Failure(
        reason=Reason.EVICTED,
        disposition=Disposition.INTERRUPTED,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The node ran short of something and ended the worker.",
        remedy="Nothing, unless it happens often: then raise the requests of the worker profile.",
    ),
    Failure(
        reason=Reason.NODE_LOST,
        disposition=Disposition.INTERRUPTED,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The worker's node went away.",
        remedy="Nothing: the job is attempted again, free of charge.",
    ),
    Failure(
        reason=Reason.SUSPENDED,
        disposition=Disposition.INTERRUPTED,
        blame=Blame.USER,
        exit_code=None,
        meaning="The worker was ended because the job, or its queue, was suspended.",
        remedy="Nothing: the job goes on where it was once it is resumed.",
    ),
    Failure(
        reason=Reason.AUDIO_UNDECODABLE,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=65,  # EX_DATAERR
        meaning="No decoder can read the recording.",
        remedy="Check that the file plays, convert it to WAV, FLAC, MP3 or MP4, and submit it again.",
    ),
    Failure(
        reason=Reason.NO_AUDIO_STREAM,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=65,
        meaning="The recording holds no audio.",
        remedy="Submit a recording with an audio track.",
    ),
    Failure(
        reason=Reason.AUDIO_TOO_LONG,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=65,
        meaning="The recording lasts longer than the installation allows.",
        remedy="Cut the recording into parts and submit each, or ask whoever runs the cluster to raise the limit.",
    ),
    Failure(
        reason=Reason.LANGUAGE_UNSUPPORTED,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=65,
        meaning="The speech model does not know the language that the job asks for.",
        remedy="Ask for another language, for auto, or for another model.",
    ),
    Failure(
        reason=Reason.OPTION_UNSUPPORTED,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=65,
        meaning="The engine or its model cannot do what the job asks for.",
        remedy="Leave out the option that the message names, or choose another engine or model.",
    ),
    Failure(
        reason=Reason.TRANSCRIPT_INCOMPLETE,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=65,
        meaning="Speech was found for which the model gave no text.",
        remedy="Check the language that the job names, or use a larger model; the message says what is missing.",
    ),
    Failure(
        reason=Reason.SOURCE_NOT_FOUND,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=66,  # EX_NOINPUT
        meaning="The recording is not where the job says it is.",
        remedy="Check the bucket and the key, or the address, or upload the recording again.",
    ),
    Failure(
        reason=Reason.SOURCE_FORBIDDEN,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=66,
        meaning="Steno may not read the recording.",
        remedy="Grant Steno read access to the object or address that the message names, or upload it instead.",
    ),
    Failure(
        reason=Reason.SOURCE_TOO_LARGE,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=65,
        meaning="The recording has more bytes than the installation fetches from an address.",
        remedy="Submit the audio alone or a smaller encoding, or ask whoever runs the cluster to raise the limit.",
    ),
    Failure(
        reason=Reason.SOURCE_CORRUPT,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=65,
        meaning="The recording does not have the digest that was announced for it.",
        remedy="Upload the recording again, with the SHA-256 digest of the very file that is sent.",
    ),
    Failure(
        reason=Reason.SOURCE_UNAVAILABLE,
        disposition=Disposition.RETRYABLE,
        blame=Blame.USER,
        exit_code=69,
        meaning="The server that has the recording did not answer.",
        remedy="Check that the address works from inside the cluster, then retry the job.",
    ),
    Failure(
        reason=Reason.PROFILE_UNKNOWN,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=None,
        meaning="The installation has no worker profile of that name.",
        remedy="Submit the job with one of the profiles that the message lists, or with none for the default.",
    ),
    Failure(
        reason=Reason.ENGINE_UNAVAILABLE,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=None,
        meaning="The worker profile cannot run the engine that the job asks for.",
        remedy="Choose one of the engines that the message lists, or another profile.",
    ),
    Failure(
        reason=Reason.MODEL_UNKNOWN,
        disposition=Disposition.TERMINAL,
        blame=Blame.PLATFORM,
        exit_code=78,  # EX_CONFIG
        meaning="The worker cannot load the speech model.",
        remedy="Check the model's name or path in the worker profile and that the worker can reach it.",
    ),
    Failure(
        reason=Reason.MODEL_DOWNLOAD_FAILED,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=69,
        meaning="The speech model could not be downloaded.",
        remedy="Check that the worker reaches the model hub or bucket, or give it a cache that has the model.",
    ),
    Failure(
        reason=Reason.SELF_TEST_FAILED,
        disposition=Disposition.TERMINAL,
        blame=Blame.PLATFORM,
        exit_code=78,
        meaning="The speech model heard nothing in the clip that every worker is tested with.",
        remedy="Check the GPU driver and the compute type of the worker profile, and that the model is whole.",
    ),
    Failure(
        reason=Reason.SETTINGS_INVALID,
        disposition=Disposition.TERMINAL,
        blame=Blame.PLATFORM,
        exit_code=78,
        meaning="The worker was started with settings it cannot use.",
        remedy="Correct the setting that the message names in the chart's values.",
    ),
    Failure(
        reason=Reason.OUTPUT_FORBIDDEN,
        disposition=Disposition.TERMINAL,
        blame=Blame.PLATFORM,
        exit_code=78,
        meaning="Steno may not write where the results are to go.",
        remedy="Correct the place that the message names, or grant the store credentials write access to it.",
    ),
    Failure(
        reason=Reason.STORAGE_UNAVAILABLE,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=69,  # EX_UNAVAILABLE
        meaning="The object store did not answer.",
        remedy="Check that the object store is up and reachable from the worker's pod, then retry the job.",
    ),
    Failure(
        reason=Reason.DEVICE_OUT_OF_MEMORY,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=75,  # EX_TEMPFAIL
        meaning="The GPU ran out of memory.",
        remedy="Use a smaller model, a smaller compute type, or a profile with a larger GPU.",
    ),
    Failure(
        reason=Reason.ENGINE_FAILED,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=75,
        meaning="The engine gave up on the recording.",
        remedy="Look at what the message says the engine said; check its server, keys and quota, then retry the job.",
    ),
    Failure(
        reason=Reason.SCRATCH_FULL,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=75,
        meaning="The worker ran out of disk space.",
        remedy="Give the node, or the worker profile, more ephemeral storage.",
    ),
    Failure(
        reason=Reason.OUT_OF_MEMORY,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The worker needed more memory than its profile allows.",
        remedy="Raise resources.limits.memory of the worker profile.",
    ),
    Failure(
        reason=Reason.WORKER_STALLED,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The worker got no further for longer than the job's stallSeconds.",
        remedy="Look at the log of the attempt; raise spec.stallSeconds if the recording or the model needs longer.",
    ),
    Failure(
        reason=Reason.JOB_LOST,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The job's Job was deleted by somebody else before it came to an outcome.",
        remedy="Find out who deletes Jobs in the namespace; the job is attempted again while it has retries left.",
    ),
    Failure(
        reason=Reason.IMAGE_PULL_FAILED,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The worker's image could not be pulled.",
        remedy="Correct the image of the worker profile, or the imagePullSecrets, then retry the job.",
    ),
    Failure(
        reason=Reason.POD_CONFIG_INVALID,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The worker's container could not be made as its profile says.",
        remedy="Make what the message names, a Secret or a volume, in the job's namespace, then retry the job.",
    ),
    Failure(
        reason=Reason.JOB_REFUSED,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="The API server refuses the Job that would do the work.",
        remedy="Correct what the message names in the worker profile or the admission rules, then retry the job.",
    ),
    Failure(
        reason=Reason.CANCELLED,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=None,
        meaning="The job was cancelled.",
        remedy="Submit the recording again if it is wanted after all.",
    ),
    Failure(
        reason=Reason.DEADLINE_EXCEEDED,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=None,
        meaning="The workers ran for longer than the job's activeDeadlineSeconds.",
        remedy="Submit the recording with a later deadline, a faster profile or a smaller model.",
    ),
    Failure(
        reason=Reason.PENDING_DEADLINE_EXCEEDED,
        disposition=Disposition.RETRYABLE,
        blame=Blame.PLATFORM,
        exit_code=None,
        meaning="No worker could start within the job's pendingDeadlineSeconds.",
        remedy="Submit the recording again when the cluster has room, or with a later deadline.",
    ),
    Failure(
        reason=Reason.QUEUE_PRIORITY_UNKNOWN,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=None,
        meaning="The installation has no queue priority of that name.",
        remedy="Submit the job with one of the priorities that the message lists, or with none.",
    ),
    Failure(
        reason=Reason.NAME_TAKEN,
        disposition=Disposition.TERMINAL,
        blame=Blame.USER,
        exit_code=None,
        meaning="A Job that is not Steno's already has the name this job's Job needs.",
        remedy="Delete that Job if it is yours, or submit the recording under another name.",
    ),
    Failure(
        reason=Reason.INTERNAL_ERROR,
        disposition=Disposition.BUG,
        blame=Blame.PLATFORM,
        exit_code=70,  # EX_SOFTWARE
        meaning="The worker failed in a way that Steno did not foresee.",
        remedy="Look at the worker's log, and report it with the job's name.",
    ),
)
"""Every reason once; the order is that of the docs page."""

_BY_REASON: Final = {failure.reason: failure for failure in FAILURES}


def failure_for(reason: Reason) -> Failure:
    """Look `reason` up in the table."""
    return _BY_REASON[reason]


def exit_codes(disposition: Disposition) -> tuple[int, ...]:
    """Give the exit codes of `disposition`, ascending: what a podFailurePolicy rule names."""
    codes = {f.exit_code for f in FAILURES if f.disposition is disposition and f.exit_code is not None}
    return tuple(sorted(codes))
