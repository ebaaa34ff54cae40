"""A portal in one program: it registers itself, works, and tells what it sees as lines of JSON.

The first line that it reads says where the server is and who calls:
``version`` of the SDK, ``gateway``, ``listeners`` (``host:port`` by name),
``secure`` (names of those with TLS), ``tokens`` by user, ``ssh`` (``port``,
``user`` and a host for each cluster), ``scratch`` by cluster, ``storage_root``,
``second`` (``gateway`` and ``token`` of its administrator: one that is made and deleted).
After the event ``credential`` it waits for the line ``"go"``. With ``greets``
it registers the gateway and its people, and no more.
"""

from __future__ import annotations

from portal_sdk import connect, heard, say


def main() -> None:
    """Be the portal."""
    told = heard()
    sdk = connect(told["version"], told)
    # These bind generated classes, which only the environment of an SDK has, and its settings, which are made now.
    import portal_catalogue
    import portal_experiments
    import portal_office
    import portal_setup
    import portal_sharing

    portal = portal_setup.Portal(sdk=sdk, told=told, gateway=told["gateway"])
    portal_setup.register_gateway(portal)
    portal_setup.greet_people(portal)
    if told.get("greets"):
        return
    portal_setup.set_up(portal)
    group = portal_sharing.use_groups(portal)
    work = portal_experiments.run(portal)
    portal_sharing.share(portal, work, group)
    portal_sharing.look_behind(portal, work)
    portal_catalogue.look_after(portal)
    portal_office.look_after(portal, work)
    say("calls", **sdk.calls())


if __name__ == "__main__":
    main()
