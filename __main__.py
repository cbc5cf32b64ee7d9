"""The Pulumi program: load the stack's settings, build one Platform, export its outputs."""

import pulumi

from components import platform
from stacks import errors, settings

config = pulumi.Config(settings.PROJECT)
try:
    wanted = settings.from_pulumi(
        config.require_object("cluster"), config.get_object("services"), config.get("catalogue")
    )
    built = platform.Platform(settings.PROJECT, wanted)
except errors.PaasportError as error:
    # RunError is shown as it is; any other exception as a traceback.
    raise pulumi.RunError(str(error)) from None
for name, value in built.outputs().items():
    pulumi.export(name, value)
