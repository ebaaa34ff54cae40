import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;

import org.apache.airavata.api.Airavata;
import org.apache.airavata.api.client.AiravataClientFactory;
import org.apache.airavata.model.WorkflowModel;
import org.apache.airavata.model.appcatalog.appdeployment.ApplicationDeploymentDescription;
import org.apache.airavata.model.appcatalog.appdeployment.ApplicationModule;
import org.apache.airavata.model.appcatalog.appinterface.ApplicationInterfaceDescription;
import org.apache.airavata.model.appcatalog.computeresource.BatchQueue;
import org.apache.airavata.model.appcatalog.computeresource.ComputeResourceDescription;
import org.apache.airavata.model.appcatalog.computeresource.ResourceJobManager;
import org.apache.airavata.model.appcatalog.computeresource.ResourceJobManagerType;
import org.apache.airavata.model.appcatalog.computeresource.SSHJobSubmission;
import org.apache.airavata.model.appcatalog.gatewayprofile.ComputeResourcePreference;
import org.apache.airavata.model.appcatalog.gatewayprofile.GatewayResourceProfile;
import org.apache.airavata.model.appcatalog.gatewayprofile.StoragePreference;
import org.apache.airavata.model.appcatalog.storageresource.StorageResourceDescription;
import org.apache.airavata.model.application.io.DataType;
import org.apache.airavata.model.application.io.InputDataObjectType;
import org.apache.airavata.model.application.io.OutputDataObjectType;
import org.apache.airavata.model.data.movement.DMType;
import org.apache.airavata.model.data.movement.SCPDataMovement;
import org.apache.airavata.model.data.movement.SecurityProtocol;
import org.apache.airavata.model.experiment.ExperimentModel;
import org.apache.airavata.model.experiment.ExperimentSearchFields;
import org.apache.airavata.model.experiment.ExperimentSummaryModel;
import org.apache.airavata.model.experiment.ExperimentType;
import org.apache.airavata.model.experiment.UserConfigurationDataModel;
import org.apache.airavata.model.job.JobModel;
import org.apache.airavata.model.parallelism.ApplicationParallelismType;
import org.apache.airavata.model.process.ProcessModel;
import org.apache.airavata.model.scheduling.ComputationalResourceSchedulingModel;
import org.apache.airavata.model.security.AuthzToken;
import org.apache.airavata.model.status.ExperimentState;
import org.apache.airavata.model.status.JobState;
import org.apache.airavata.model.status.JobStatus;
import org.apache.airavata.model.workspace.Gateway;
import org.apache.airavata.model.workspace.GatewayApprovalStatus;
import org.apache.airavata.model.workspace.Project;

/**
 * A portal in Java, of Airavata's published data models (0.17) and API stubs (0.16).
 *
 * It reads lines {@code key=value} up to an empty one: host, port, gateway, the tokens token.root and
 * token.ada, alpha, delta, ssh.port, ssh.user, scratch.alpha, scratch.delta, storage_root. It tells what it
 * sees as lines of JSON; after the event "credential" it waits for a line.
 */
public final class Portal {
    private static final long PATIENCE_MS = 60_000;
    private static final long POLL_MS = 100;

    private final BufferedReader input =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private final Properties told = new Properties();
    private Airavata.Client client;
    private String gateway;
    private String credential;
    private String alpha;
    private String delta;
    private String storage;
    private String sort;
    private String sleep;
    private String project;

    public static void main(String[] arguments) throws Exception {
        new Portal().run();
    }

    private void run() throws Exception {
        StringBuilder lines = new StringBuilder();
        for (String line = input.readLine(); line != null && !line.isEmpty(); line = input.readLine()) {
            lines.append(line).append('\n');
        }
        told.load(new StringReader(lines.toString()));
        gateway = told.getProperty("gateway");
        client = AiravataClientFactory.createAiravataClient(told.getProperty("host"), number("port"));
        registerGateway();
        registerCredential();
        registerResources();
        registerApplications();
        registerProfile();
        keepWorkflows();
        work();
    }

    private int number(String key) {
        return Integer.parseInt(told.getProperty(key));
    }

    private AuthzToken token(String user) {
        AuthzToken token = new AuthzToken(told.getProperty("token." + user));
        token.putToClaimsMap("userName", user);
        token.putToClaimsMap("gatewayID", gateway);
        return token;
    }

    private AuthzToken admin() {
        return token("root");
    }

    private AuthzToken ada() {
        return token("ada");
    }

    // -- what an administrator registers ------------------------------------------------------------

    private void registerGateway() throws Exception {
        Gateway asked = new Gateway(gateway, GatewayApprovalStatus.APPROVED);
        asked.setGatewayName("Java " + gateway);
        asked.setDomain("chemistry");
        client.addGateway(admin(), asked);
        Gateway found = client.getGateway(admin(), gateway);
        say("gateway",
                "version", client.getAPIVersion(admin()),
                "exists", client.isGatewayExist(admin(), gateway),
                "name", found.getGatewayName(),
                "domain", found.getDomain(),
                "status", found.getGatewayApprovalStatus().name());
    }

    /** With the arguments of 0.16: gateway and user, and no description. */
    private void registerCredential() throws Exception {
        credential = client.generateAndRegisterSSHKeys(admin(), gateway, "root");
        String password = client.registerPwdCredential(admin(), gateway, "root", "portal", "secret", "Archive");
        say("credential",
                "public_key", client.getSSHPubKey(admin(), credential, gateway),
                "listed", client.getAllGatewaySSHPubKeys(admin(), gateway).containsKey(credential),
                "passwords", client.getAllGatewayPWDCredentials(admin(), gateway).values(),
                "deleted", client.deletePWDCredential(admin(), password, gateway));
        input.readLine();
    }

    private void registerResources() throws Exception {
        ComputeResourceDescription slurm = host("alpha");
        BatchQueue queue = new BatchQueue("normal");
        queue.setMaxNodes(2);
        queue.setMaxRunTime(60);
        slurm.setBatchQueues(Collections.singletonList(queue));
        alpha = client.registerComputeResource(admin(), slurm);
        client.addSSHJobSubmissionDetails(admin(), alpha, 0, submission(ResourceJobManagerType.SLURM));
        delta = client.registerComputeResource(admin(), host("delta"));
        client.addSSHForkJobSubmissionDetails(admin(), delta, 0, submission(ResourceJobManagerType.FORK));
        StorageResourceDescription disk = new StorageResourceDescription();
        disk.setHostName(told.getProperty("delta"));
        disk.setEnabled(true);
        storage = client.registerStorageResource(admin(), disk);
        SCPDataMovement copying = new SCPDataMovement();
        copying.setSecurityProtocol(SecurityProtocol.SSH_KEYS);
        copying.setSshPort(number("ssh.port"));
        client.addSCPDataMovementDetails(admin(), storage, DMType.STORAGE_RESOURCE, 0, copying);
        ComputeResourceDescription read = client.getComputeResource(admin(), alpha);
        SSHJobSubmission interfaceRead = client.getSSHJobSubmission(
                admin(), read.getJobSubmissionInterfaces().get(0).getJobSubmissionInterfaceId());
        say("resources",
                "host", read.getHostName(),
                "queue", read.getBatchQueues().get(0).getQueueName(),
                "nodes", read.getBatchQueues().get(0).getMaxNodes(),
                "port", interfaceRead.getSshPort(),
                "manager", interfaceRead.getResourceJobManager().getResourceJobManagerType().name(),
                "names", new TreeSet<>(client.getAllComputeResourceNames(admin()).values()));
    }

    private ComputeResourceDescription host(String name) {
        ComputeResourceDescription described = new ComputeResourceDescription();
        described.setHostName(told.getProperty(name));
        described.setEnabled(true);
        return described;
    }

    private SSHJobSubmission submission(ResourceJobManagerType kind) {
        ResourceJobManager manager = new ResourceJobManager();
        manager.setResourceJobManagerType(kind);
        SSHJobSubmission submission = new SSHJobSubmission();
        submission.setSecurityProtocol(SecurityProtocol.SSH_KEYS);
        submission.setResourceJobManager(manager);
        submission.setSshPort(number("ssh.port"));
        return submission;
    }

    private void registerApplications() throws Exception {
        InputDataObjectType text = new InputDataObjectType("Text");
        text.setType(DataType.URI);
        text.setIsRequired(true);
        text.setRequiredToAddedToCommandLine(true);
        OutputDataObjectType sorted = new OutputDataObjectType("Sorted");
        sorted.setType(DataType.URI);
        sorted.setValue("sorted.txt");
        sorted.setApplicationArgument("-o");
        sorted.setIsRequired(true);
        sorted.setRequiredToAddedToCommandLine(true);
        sort = application("Sort", "/usr/bin/sort", text, sorted);
        InputDataObjectType seconds = new InputDataObjectType("Seconds");
        seconds.setType(DataType.INTEGER);
        seconds.setRequiredToAddedToCommandLine(true);
        OutputDataObjectType printed = new OutputDataObjectType("Printed");
        printed.setType(DataType.STDOUT);
        sleep = application("Sleep", "/bin/sleep", seconds, printed);
        List<String> names = new ArrayList<>();
        for (ApplicationInterfaceDescription each : client.getAllApplicationInterfaces(admin(), gateway)) {
            names.add(each.getApplicationName());
        }
        Collections.sort(names);
        say("applications",
                "names", names,
                "inputs", client.getApplicationInputs(admin(), sort).get(0).getName(),
                "machines", client.getAvailableAppInterfaceComputeResources(admin(), sort).size(),
                "deployments", client.getAllApplicationDeployments(admin(), gateway).size());
    }

    private String application(String name, String path, InputDataObjectType in, OutputDataObjectType out)
            throws Exception {
        ApplicationModule module = new ApplicationModule();
        module.setAppModuleName(name);
        String moduleId = client.registerApplicationModule(admin(), gateway, module);
        for (String machine : Arrays.asList(alpha, delta)) {
            ApplicationDeploymentDescription deployment = new ApplicationDeploymentDescription();
            deployment.setAppModuleId(moduleId);
            deployment.setComputeHostId(machine);
            deployment.setExecutablePath(path);
            deployment.setParallelism(ApplicationParallelismType.SERIAL);
            client.registerApplicationDeployment(admin(), gateway, deployment);
        }
        ApplicationInterfaceDescription described = new ApplicationInterfaceDescription();
        described.setApplicationName(name);
        described.setApplicationModules(Collections.singletonList(moduleId));
        described.setApplicationInputs(Collections.singletonList(in));
        described.setApplicationOutputs(Collections.singletonList(out));
        return client.registerApplicationInterface(admin(), gateway, described);
    }

    private void registerProfile() throws Exception {
        GatewayResourceProfile profile = new GatewayResourceProfile();
        profile.setGatewayID(gateway);
        profile.setCredentialStoreToken(credential);
        client.registerGatewayResourceProfile(admin(), profile);
        for (String name : Arrays.asList("alpha", "delta")) {
            String machine = name.equals("alpha") ? alpha : delta;
            ComputeResourcePreference preference = new ComputeResourcePreference();
            preference.setComputeResourceId(machine);
            preference.setOverridebyAiravata(true);
            preference.setLoginUserName(told.getProperty("ssh.user"));
            preference.setScratchLocation(told.getProperty("scratch." + name));
            client.addGatewayComputeResourcePreference(admin(), gateway, machine, preference);
        }
        StoragePreference place = new StoragePreference();
        place.setStorageResourceId(storage);
        place.setLoginUserName(told.getProperty("ssh.user"));
        place.setFileSystemRootLocation(told.getProperty("storage_root"));
        client.addGatewayStoragePreference(admin(), gateway, storage, place);
        GatewayResourceProfile read = client.getGatewayResourceProfile(admin(), gateway);
        say("profile",
                "preferences", read.getComputeResourcePreferences().size(),
                "root", client.getGatewayStoragePreference(admin(), gateway, storage).getFileSystemRootLocation(),
                "token", read.getCredentialStoreToken().equals(credential));
    }

    /** Workflows were a part of the API until 0.17. */
    private void keepWorkflows() throws Exception {
        WorkflowModel workflow = new WorkflowModel();
        workflow.setName("Twice");
        workflow.setGraph("<graph/>");
        workflow.setGatewayId(gateway);
        workflow.setCreatedUser("root");
        String made = client.registerWorkflow(admin(), gateway, workflow);
        WorkflowModel read = client.getWorkflow(admin(), made);
        read.setGraph("<graph>2</graph>");
        client.updateWorkflow(admin(), made, read);
        String graph = client.getWorkflow(admin(), made).getGraph();
        boolean known = client.isWorkflowExistWithName(admin(), "Twice");
        boolean same = client.getWorkflowTemplateId(admin(), "Twice").equals(made);
        int listed = client.getAllWorkflows(admin(), gateway).size();
        client.deleteWorkflow(admin(), made);
        say("workflows", "graph", graph, "known", known, "same", same, "listed", listed,
                "left", client.getAllWorkflows(admin(), gateway).size());
    }

    // -- what a user does ------------------------------------------------------------------------------

    private void work() throws Exception {
        Project words = new Project();
        words.setOwner("root");
        words.setGatewayId(gateway);
        words.setName("Words");
        project = client.createProject(admin(), gateway, words);
        say("project",
                "name", client.getProject(admin(), project).getName(),
                "own", client.getUserProjects(admin(), gateway, "root", 10, 0).size(),
                "hidden", exceptionOf(() -> client.getProject(ada(), project)),
                "unknown", exceptionOf(() -> client.getExperiment(admin(), "nothing_like_it")));
        String onSlurm = experiment("Sort on Slurm", sort, alpha, "words.txt");
        String forked = experiment("Sort by fork", sort, delta, "words.txt");
        String endless = experiment("Sleep long", sleep, alpha, "600");
        boolean valid = client.validateExperiment(admin(), onSlurm);
        for (String each : Arrays.asList(onSlurm, forked, endless)) {
            client.launchExperiment(admin(), each, gateway);
        }
        for (String each : Arrays.asList(onSlurm, forked)) {
            follow(each, valid);
        }
        cancel(endless);
        String copy = client.cloneExperiment(admin(), onSlurm, "Sort again");
        client.launchExperiment(admin(), copy, gateway);
        follow(copy, true);
        search(onSlurm);
    }

    private String experiment(String name, String application, String machine, String value) throws Exception {
        ComputationalResourceSchedulingModel scheduling = new ComputationalResourceSchedulingModel();
        scheduling.setResourceHostId(machine);
        scheduling.setNodeCount(1);
        scheduling.setTotalCPUCount(1);
        scheduling.setQueueName("normal");
        scheduling.setWallTimeLimit(5);
        UserConfigurationDataModel configuration = new UserConfigurationDataModel(false, false);
        configuration.setComputationalResourceScheduling(scheduling);
        configuration.setStorageId(storage);
        InputDataObjectType in = client.getApplicationInputs(admin(), application).get(0);
        in.setValue(value);
        ExperimentModel experiment = new ExperimentModel();
        experiment.setProjectId(project);
        experiment.setGatewayId(gateway);
        experiment.setExperimentType(ExperimentType.SINGLE_APPLICATION);
        experiment.setUserName("root");
        experiment.setExperimentName(name);
        experiment.setExecutionId(application);
        experiment.setUserConfigurationData(configuration);
        experiment.setExperimentInputs(Collections.singletonList(in));
        experiment.setExperimentOutputs(client.getApplicationOutputs(admin(), application));
        return client.createExperiment(admin(), gateway, experiment);
    }

    private ExperimentState state(String experiment) throws Exception {
        return client.getExperimentStatus(admin(), experiment).getState();
    }

    private void await(Callable<Boolean> reached) throws Exception {
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (!reached.call()) {
            if (System.currentTimeMillis() > end) {
                throw new IllegalStateException("It did not come in " + PATIENCE_MS + " ms.");
            }
            Thread.sleep(POLL_MS);
        }
    }

    private boolean ended(String experiment) throws Exception {
        return Arrays.asList(ExperimentState.COMPLETED, ExperimentState.FAILED, ExperimentState.CANCELED)
                .contains(state(experiment));
    }

    private void follow(String experiment, boolean valid) throws Exception {
        await(() -> ended(experiment));
        ExperimentModel tree = client.getDetailedExperimentTree(admin(), experiment);
        ProcessModel process = tree.getProcesses().get(0);
        List<String> tasks = new ArrayList<>();
        process.getTasks().forEach(each -> tasks.add(each.getTaskType().name()));
        List<String> jobs = new ArrayList<>();
        for (JobModel each : client.getJobDetails(admin(), experiment)) {
            jobs.add(each.getJobStatuses().get(each.getJobStatuses().size() - 1).getJobState().name());
        }
        Map<String, String> outputs = new TreeMap<>();
        for (OutputDataObjectType each : client.getExperimentOutputs(admin(), experiment)) {
            String product = each.getValue();
            String file = client.getDataProduct(admin(), product).getReplicaLocations().get(0).getFilePath();
            outputs.put(each.getName(), URI.create(file).getPath());
        }
        say("run",
                "name", tree.getExperimentName(),
                "valid", valid,
                "state", state(experiment).name(),
                "process", process.getProcessStatuses().get(process.getProcessStatuses().size() - 1).getState().name(),
                "tasks", tasks,
                "jobs", jobs,
                "outputs", outputs);
    }

    private void cancel(String experiment) throws Exception {
        await(() -> {
            Collection<JobStatus> statuses = client.getJobStatuses(admin(), experiment).values();
            return statuses.stream().anyMatch(each -> each.getJobState() == JobState.ACTIVE);
        });
        client.terminateExperiment(admin(), experiment, gateway);
        await(() -> ended(experiment));
        say("cancelled",
                "state", state(experiment).name(),
                "again", exceptionOf(() -> {
                    client.launchExperiment(admin(), experiment, gateway);
                    return null;
                }));
    }

    private void search(String experiment) throws Exception {
        Map<ExperimentSearchFields, String> completed =
                Collections.singletonMap(ExperimentSearchFields.STATUS, "COMPLETED");
        await(() -> client.searchExperiments(admin(), gateway, "root", completed, 10, 0).size() == 3);
        List<String> names = new ArrayList<>();
        for (ExperimentSummaryModel each : client.searchExperiments(admin(), gateway, "root",
                Collections.singletonMap(ExperimentSearchFields.EXPERIMENT_NAME, "sort"), 10, 0)) {
            names.add(each.getName());
        }
        Collections.sort(names);
        long now = System.currentTimeMillis();
        say("search",
                "names", names,
                "own", client.getUserExperiments(admin(), gateway, "root", 10, 0).size(),
                "in_project", client.getExperimentsInProject(admin(), project, 10, 0).size(),
                "completed", client.getExperimentStatistics(admin(), gateway, now - 3_600_000, now + 60_000)
                        .getCompletedExperimentCount());
    }

    // -- telling -------------------------------------------------------------------------------------------

    private static String exceptionOf(Callable<?> call) {
        try {
            call.call();
            return "none";
        } catch (Exception error) {
            return error.getClass().getSimpleName();
        }
    }

    private static void say(String event, Object... facts) throws IOException {
        Map<String, Object> said = new TreeMap<>();
        said.put("event", event);
        for (int each = 0; each < facts.length; each += 2) {
            said.put((String) facts[each], facts[each + 1]);
        }
        System.out.println(json(said));
        System.out.flush();
    }

    private static String json(Object value) {
        if (value instanceof Map) {
            List<String> members = new ArrayList<>();
            ((Map<?, ?>) value).forEach((key, member) -> members.add(json(key) + ": " + json(member)));
            return "{" + String.join(", ", members) + "}";
        }
        if (value instanceof Collection) {
            List<String> members = new ArrayList<>();
            ((Collection<?>) value).forEach(member -> members.add(json(member)));
            return "[" + String.join(", ", members) + "]";
        }
        if (value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        return '"' + value.toString().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
