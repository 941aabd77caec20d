"""The kernel that notebooks run in: this very Python, in an environment that nobody else's settings reach."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

# Where a learner's own settings would change what a notebook does: other modules, other kernels, start-up
# scripts, another matplotlib backend.
_FOREIGN = (
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_CONFIG_PATH",
    "JUPYTER_DATA_DIR",
    "JUPYTER_PATH",
    "JUPYTER_PREFER_ENV_PATH",
    "JUPYTER_RUNTIME_DIR",
    "MATPLOTLIBRC",
    "MPLBACKEND",
    "MPLCONFIGDIR",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
)


class OnlyThisPython(KernelSpecManager):
    """Knows one kernel, ``sys.executable``; installed kernel specifications are not looked at."""

    @default("kernel_dirs")
    def _no_folders(self) -> list[str]:
        return []


def environment(home: Path) -> dict[str, str]:
    """This process's environment for Jupyter and its kernels, with settings in ``home``, which is made.

    Start-up scripts, kernels, styles and module paths of the machine's user stay out. So do their
    JupyterLab settings, unless the caller names them again.

    Raises:
        OSError: ``home`` cannot be made.
    """
    home.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    return kept | {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "PYTHONNOUSERSITE": "1",
    }


def headless_environment(root: Path) -> dict[str, str]:
    """As ``environment``, for a run that nobody watches: in ``build/``, without a learner's predictions."""
    home = root / "build" / "home"
    return environment(home) | {"SCHEDLAB_STATE": str(home / "state")}


def manager() -> AsyncKernelManager:
    """A manager of one kernel, which is ``sys.executable``."""
    return AsyncKernelManager(kernel_name=NATIVE_KERNEL_NAME, kernel_spec_manager=OnlyThisPython())
