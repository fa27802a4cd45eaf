const serviceKeyFile = "/run/fanfare/service-key.json";

/**
 * Returns the lines of each marked region of docker-compose.yml, for the reactors with these names. `calls` are the
 * apps that each of them calls.
 */
export function composeRegions(names, calls) {
  return {
    "reactor-urls": names.map((name) => `${name.toUpperCase()}_URL: http://${name}:8080`),
    "reactor-dependencies": names.map((name) => `${name}: { condition: service_healthy }`),
    "reactor-secrets": names.map((name) => `- ${name}-secrets:/secrets/${name}`),
    reactors: names.flatMap((name, index) => [
      ...(index === 0 ? [] : [""]),
      `${name}:`,
      "  <<: *reactor",
      `  working_dir: /app/apps/${name}`,
      ...toComposeEnvironment(calls[name]),
      `  volumes: ["${name}-secrets:/run/fanfare:ro"]`,
    ]),
    "reactor-volumes": names.map((name) => `${name}-secrets:`),
  };
}

/** The environment of a reactor that calls other apps, besides what every reactor has. */
function toComposeEnvironment(calls) {
  if (calls.length === 0) return [];
  return [
    "  environment:",
    "    <<: [*database, *nats]",
    `    SERVICE_KEY_FILE: ${serviceKeyFile}`,
    ...calls.map((app) => `    ${app.toUpperCase()}_URL: http://${app}:8080`),
  ];
}

/**
 * Returns the files of deploy/kubernetes/reactors by name, for the consumer groups of the reactors and,
 * by the reactor's name, why more processes would handle no more events, and the apps that it calls.
 */
export function kubernetesFiles(groups, { serial, calls }) {
  const names = groups.map(({ group }) => `${group}.yaml`);
  return {
    "kustomization.yaml": `# Written by \`npm run generate\` from packages/topology/src/reactors.ts.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
${names.map((name) => `  - ${name}\n`).join("")}`,
    ...Object.fromEntries(
      groups.map((group) => [
        `${group.group}.yaml`,
        toManifest(group, serial[group.group], calls[group.group]),
      ]),
    ),
  };
}

function toManifest({ group: name, topics }, serial, calls) {
  return `# The reactor ${name}. Written by \`npm run generate\` from packages/topology/src/reactors.ts.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
${serial === undefined ? "" : toReplicas(serial)}\
  selector:
    matchLabels: { app.kubernetes.io/name: ${name} }
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}
        fanfare/uses-postgres: "true"
        fanfare/uses-nats: "true"
        fanfare/uses-issuer: "true"
    spec:
      containers:
        - name: app
          workingDir: /app/apps/${name}
          env:
            - { name: DATABASE_URL_FILE, value: /run/fanfare/database-url }
${toEnvironment(calls)}\
          resources:
            requests: { cpu: 100m, memory: 192Mi }
            limits: { memory: 256Mi }
      volumes:
        - name: secrets
          secret: { secretName: ${name}, defaultMode: 0440 }
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: { app.kubernetes.io/name: ${name} }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${name}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: { app.kubernetes.io/name: ${name} }
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: { app.kubernetes.io/name: ${name} }
  ports:
    - { name: http, port: 80, targetPort: http, appProtocol: kubernetes.io/h2c }
---
# Anyone in the cluster may call its API.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${name}
spec:
  podSelector:
    matchLabels: { app.kubernetes.io/name: ${name} }
  policyTypes: [Ingress]
  ingress:
    - ports: [{ port: http }]
${toEgress(name, calls)}\
${serial === undefined ? toScaledObject(name, topics) : ""}`;
}

/** The variables of a reactor that calls other apps. */
function toEnvironment(calls) {
  if (calls.length === 0) return "";
  const urls = calls.map(
    (app) => `            - { name: ${app.toUpperCase()}_URL, value: "http://${app}" }\n`,
  );
  return `            - { name: SERVICE_KEY_FILE, value: ${serviceKeyFile} }\n${urls.join("")}`;
}

function toEgress(name, calls) {
  if (calls.length === 0) return "";
  return `---
# It calls ${calls.join(", ")}.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${name}-calls
spec:
  podSelector:
    matchLabels: { app.kubernetes.io/name: ${name} }
  policyTypes: [Egress]
  egress:
    - to:
        - podSelector:
            matchExpressions:
              - { key: app.kubernetes.io/name, operator: In, values: [${calls.join(", ")}] }
      ports: [{ port: http }]
`;
}

function toReplicas(serial) {
  return `  # One works and one takes over. More would handle no more events: ${serial}.
  replicas: 2
`;
}

function toScaledObject(name, topics) {
  return `---
# KEDA adds a process for every 1,000 pending events of the group, whose processes share its events.
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: ${name}
spec:
  scaleTargetRef: { name: ${name} }
  minReplicaCount: 2
  maxReplicaCount: 10
  pollingInterval: 15
  cooldownPeriod: 300
  triggers:
${topics.map((topic) => toTrigger(name, topic)).join("")}`;
}

function toTrigger(group, topic) {
  return `    - type: nats-jetstream
      metadata:
        natsServerMonitoringEndpoint: nats-headless.nats:8222
        account: fanfare
        stream: fanfare_${topic.replaceAll(".", "_")}
        consumer: ${group}
        lagThreshold: "1000"
        activationLagThreshold: "100"
`;
}
