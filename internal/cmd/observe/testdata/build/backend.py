# SPDX-License-Identifier: MPL-2.0
"""A build backend that packs mlplatform_client into a wheel."""
import pathlib
import zipfile

INFO = "mlplatform_client-0.1.dist-info"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "mlplatform_client-0.1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as wheel:
        for path in sorted(pathlib.Path("mlplatform_client").rglob("*.py")):
            wheel.writestr(str(path), path.read_bytes())
        wheel.writestr(INFO + "/METADATA", "Metadata-Version: 2.1\nName: mlplatform_client\nVersion: 0.1\n")
        wheel.writestr(INFO + "/WHEEL", "Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(INFO + "/RECORD", "")
    return name
