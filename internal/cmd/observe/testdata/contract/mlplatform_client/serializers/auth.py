# SPDX-License-Identifier: MPL-2.0
import enum


class MLPTokenType(enum.Enum):
    USER = "USER"
    ADMIN = "ADMIN"
