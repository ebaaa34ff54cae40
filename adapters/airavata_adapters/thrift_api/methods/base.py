"""The versions that every service tells: the first thing that clients ask.

Source: Apache Airavata 0.16 to 0.21. ``getAPIVersion`` was "0.17.0" with a
token and is "0.18.0" without; clients compare it with nothing. The method of
the orchestrator's own version went in 0.19, the credential store's too.
"""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Constant, Table

_VERSION = Constant("0.18.0")
_VERSION_UNTIL_0_17 = Constant("0.16.0")

AIRAVATA: Table = {"getAPIVersion": _VERSION}
ORCHESTRATOR: Table = {"getAPIVersion": _VERSION, "getOrchestratorCPIVersion": _VERSION_UNTIL_0_17}
CREDENTIAL_STORE: Table = {"getAPIVersion": _VERSION, "getCSServiceVersion": _VERSION_UNTIL_0_17}
REGISTRY: Table = {"getAPIVersion": _VERSION}
SHARING: Table = {"getAPIVersion": _VERSION}
USER_PROFILE: Table = {"getAPIVersion": _VERSION}
USER_PROFILE_2017: Table = {"getAPIVersion": _VERSION}
TENANT_PROFILE: Table = {"getAPIVersion": _VERSION}
IAM_ADMIN: Table = {"getAPIVersion": _VERSION}
GROUP_MANAGER: Table = {"getAPIVersion": _VERSION}
