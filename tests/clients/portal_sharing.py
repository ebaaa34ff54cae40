"""Two users of a portal: a group that they are in, and what one shares with the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airavata.api.error.ttypes import AuthorizationException
from airavata.model.group.ttypes import GroupModel, ResourcePermissionType
from portal_experiments import Work
from portal_sdk import say
from portal_setup import Portal

_READ, _WRITE = ResourcePermissionType.READ, ResourcePermissionType.WRITE


def use_groups(portal: Portal) -> str:
    """A group of ada's in which bob is; returns its id."""
    groups, ada, bob = portal.sdk.groups, portal.sdk.tokens["ada"], portal.sdk.tokens["bob"]
    bob_id = f"bob@{portal.gateway}"
    made = groups.createGroup(ada, GroupModel(name="Linguists", description="Words", members=[]))
    groups.addUsersToGroup(ada, [bob_id], made)
    read = groups.getGroup(ada, made)
    read.description = "People of words"
    groups.updateGroup(ada, read)
    groups.addGroupAdmins(ada, made, [bob_id])
    is_admin = groups.hasAdminAccess(ada, made, bob_id)
    groups.removeGroupAdmins(ada, made, [bob_id])
    other = groups.createGroup(ada, GroupModel(name="Short-lived", members=[bob_id]))
    groups.transferGroupOwnership(ada, other, bob_id)
    owned = groups.hasOwnerAccess(bob, other, bob_id)
    groups.removeUsersFromGroup(bob, [f"ada@{portal.gateway}"], other)
    groups.deleteGroup(bob, other, bob_id)
    say(
        "groups",
        description=groups.getGroup(bob, made).description,
        members=sorted(groups.getGroup(bob, made).members),
        admin=[is_admin, groups.hasAdminAccess(ada, made, bob_id)],
        owner=[owned, groups.hasOwnerAccess(ada, made, f"ada@{portal.gateway}")],
        of_bob=sorted(each.name for each in groups.getAllGroupsUserBelongs(bob, bob_id)),
        there=sorted(each.name for each in groups.getGroups(ada)),
    )
    return str(made)


def share(portal: Portal, work: Work, group: str) -> None:
    """An experiment of ada's before, while and after bob may read it."""
    api, ada, bob = portal.sdk.api, work.token, portal.sdk.tokens["bob"]
    experiment = work.sort("Shared", portal.alpha, group=True)
    bob_id = f"bob@{portal.gateway}"

    def readable() -> bool:
        return _allowed(lambda: api.getExperiment(bob, experiment))

    steps = [readable()]
    api.shareResourceWithUsers(ada, experiment, {bob_id: _READ})
    steps.append(readable())
    listed = {
        "users": api.getAllAccessibleUsers(ada, experiment, _READ),
        "direct users": api.getAllDirectlyAccessibleUsers(ada, experiment, _READ),
    }
    access = [api.userHasAccess(bob, experiment, each) for each in (_READ, _WRITE)]
    writes = _allowed(lambda: api.launchExperiment(bob, experiment, portal.gateway))
    found = [each.name for each in api.searchExperiments(bob, portal.gateway, "bob", {}, 20, 0)]
    api.revokeSharingOfResourceFromUsers(ada, experiment, {bob_id: _READ})
    steps.append(readable())
    api.shareResourceWithGroups(ada, experiment, {group: _READ})
    steps.append(readable())
    listed["groups"] = [each == group for each in api.getAllAccessibleGroups(ada, experiment, _READ)]
    listed["direct groups"] = [each == group for each in api.getAllDirectlyAccessibleGroups(ada, experiment, _READ)]
    copy = api.cloneExperiment(bob, experiment, "Bob's own", _project_of(portal))
    api.revokeSharingOfResourceFromGroups(ada, experiment, {group: _READ})
    steps.append(readable())
    by_admin = api.getExperimentByAdmin(portal.admin, experiment).experimentName
    say(
        "shared",
        steps=steps,
        listed={each: sorted(names) for each, names in listed.items()},
        access=access,
        writes=writes,
        found=found,
        owner=api.getExperiment(bob, copy).userName,
        by_admin=by_admin,
        admin_only=_allowed(lambda: api.getExperimentByAdmin(bob, experiment)),
    )


def look_behind(portal: Portal, work: Work) -> None:
    """What servers of the installation are told, without a token, about sharing and credentials."""
    sharing, gateway = portal.sdk.sharing, portal.gateway
    ada, read = f"ada@{gateway}", f"{gateway}:READ"
    stored = portal.sdk.credentials.getSSHCredential(portal.credential, gateway)
    say(
        "behind",
        domains=[sharing.isDomainExists(gateway), sharing.isDomainExists("nowhere")],
        users=sorted(each.userId for each in sharing.getUsers(gateway, 0, -1)),
        groups=sorted(each.name for each in sharing.getAllMemberGroupsForUser(gateway, ada)),
        project=sharing.isEntityExists(gateway, work.project),
        access=[sharing.userHasAccess(gateway, each, work.project, read) for each in (ada, f"bob@{gateway}")],
        key=[stored.gatewayId, stored.publicKey.split()[0], "PRIVATE KEY" in stored.privateKey],
    )


def _project_of(portal: Portal) -> str:
    return Work(portal, "bob").project


def _allowed(call: Callable[[], Any]) -> bool:
    try:
        call()
    except AuthorizationException:
        return False
    return True
