"""Applications: their modules, deployments and interfaces."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

_BOTH: Table = {
    "registerApplicationModule": ("application_modules", "register"),
    "getApplicationModule": ("application_modules", "get"),
    "updateApplicationModule": ("application_modules", "update"),
    "deleteApplicationModule": ("application_modules", "delete"),
    "getAllAppModules": ("application_modules", "all"),
    "registerApplicationDeployment": ("application_deployments", "register"),
    "getApplicationDeployment": ("application_deployments", "get"),
    "updateApplicationDeployment": ("application_deployments", "update"),
    "deleteApplicationDeployment": ("application_deployments", "delete"),
    "getAllApplicationDeployments": ("application_deployments", "all"),
    "getAppModuleDeployedResources": ("application_deployments", "ids_of_module"),
    "registerApplicationInterface": ("application_interfaces", "register"),
    "getApplicationInterface": ("application_interfaces", "get"),
    "updateApplicationInterface": ("application_interfaces", "update"),
    "deleteApplicationInterface": ("application_interfaces", "delete"),
    "getAllApplicationInterfaceNames": ("application_interfaces", "names"),
    "getAllApplicationInterfaces": ("application_interfaces", "all"),
    "getApplicationInputs": ("application_interfaces", "inputs"),
    "getApplicationOutputs": ("application_interfaces", "outputs"),
    "getAvailableAppInterfaceComputeResources": ("application_interfaces", "compute_resources"),
}
AIRAVATA: Table = {
    **_BOTH,
    "cloneApplicationInterface": ("application_interfaces", "clone"),
    "getAccessibleAppModules": ("application_modules", "accessible"),
    "getAccessibleApplicationDeployments": ("application_deployments", "accessible"),
    "getApplicationDeploymentsForAppModuleAndGroupResourceProfile": (
        "application_deployments",
        "for_module_and_profile",
    ),
}
REGISTRY: Table = {
    **_BOTH,
    "getApplicationDeployments": ("application_deployments", "of_module"),
    "getAccessibleAppModules": ("application_modules", "accessible_among"),
    "getAccessibleApplicationDeployments": ("application_deployments", "accessible_among"),
    "getAccessibleApplicationDeploymentsForAppModule": ("application_deployments", "accessible_among_of_module"),
}
