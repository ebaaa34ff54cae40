"""``[storage]`` and ``[http]``: the gateways' storage over SFTP, and what clients ask for over HTTP."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_SFTP_PORT = 9000
"""Source: ``airavata-python-sdk`` 2.2.7, ``Settings.SFTP_PORT``."""

_FROZEN = ConfigDict(extra="forbid", frozen=True)


class StorageSettings(BaseModel):
    """``[storage]``: directories of the gateways' users on this machine, which the users reach over SFTP and SCP."""

    model_config = _FROZEN

    enabled: bool = Field(True, description="Whether it is offered wherever the Thrift services are.")
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 is every one of IPv4.")
    port: int = Field(DEFAULT_SFTP_PORT, ge=0, le=65535, description="Port; 0 is any that is free.")
    public_host: str = Field(
        "", description="Name by which clients reach it, and of its storage resource; by default localhost, or host."
    )
    root: Path | None = Field(
        None, description="Directory of it, with GATEWAY/USER below; by default 'storage' in the home directory."
    )
    sessions: int = Field(64, gt=0, le=1024, description="Most clients at once.")
    channels: int = Field(32, gt=0, le=1024, description="Most transfers at once over one client's connection.")
    open_files: int = Field(128, gt=0, le=4096, description="Most files and directories that one transfer holds open.")
    packet_bytes: int = Field(
        262_144, ge=65_536, le=16_777_215, description="Most bytes of one SFTP request, and of one answer's data."
    )
    login_time_s: float = Field(20.0, gt=0, description="Seconds within which a client must have logged in.")
    idle_time_s: float = Field(900.0, gt=0, description="Seconds after which a client that does nothing is cut off.")


class HttpSettings(BaseModel):
    """``[http]``: the routes under ``/api/v1``."""

    model_config = _FROZEN

    enabled: bool = Field(True, description="Whether they are offered wherever the Thrift services are.")
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 is every one of IPv4.")
    port: int = Field(8931, ge=0, le=65535, description="Port; 0 is any that is free.")
    connections: int = Field(64, gt=0, le=1024, description="Most clients at once.")
    request_bytes: int = Field(4_194_304, ge=1024, description="Most bytes of a request that is kept.")
    request_time_s: float = Field(30.0, gt=0, description="Most seconds for a request, beside one for each KiB.")
