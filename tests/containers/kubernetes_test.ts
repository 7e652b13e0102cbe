/**
 * The manifest for Kubernetes against the schema of its API, without a cluster.
 * `kubernetes-models` carries the schemas that Kubernetes publishes (OpenAPI).
 */

import assert from "node:assert/strict";
import { validate as Deployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment";
import { validate as StatefulSet } from "kubernetes-models/_schemas/IoK8sApiAppsV1StatefulSet";
import { validate as Service } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service";
import { validate as PodDisruptionBudget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget";
import { parseAllDocuments } from "yaml";
import { parseCommandLine } from "../../lib/cli/command_line.ts";

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly image: string;
}

interface Labels {
  readonly [name: string]: string;
}

/** What a validator finds wrong. */
interface Fault {
  readonly instancePath: string;
  readonly keyword: string;
}

/** What the tests read of a resource. */
interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: Labels | { readonly matchLabels: Labels };
    readonly template?: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: { readonly containers: readonly [Container] };
    };
  };
}

const validators = { Service, Deployment, StatefulSet, PodDisruptionBudget };

const resources = parseAllDocuments(
  Deno.readTextFileSync(new URL("../../docs/kubernetes.yaml", import.meta.url)),
).map((document) => {
  assert.deepEqual(document.errors, []);
  return document.toJS() as Resource;
});

/**
 * What is wrong with a resource by its schema. The schema's validator looks at
 * every field that there can be, so one that it has not looked at is unknown,
 * which an API server tells too.
 */
function faultsOf(resource: Resource): string[] {
  const validate = validators[resource.kind as keyof typeof validators];
  assert.ok(validate !== undefined, `no schema of kind ${resource.kind}`);
  const unread = new Set<string>();
  validate(watched(resource, resource.kind, unread));
  const faults = (validate as { errors?: Fault[] | null }).errors ?? [];
  return [
    ...faults.map(({ instancePath, keyword }) => `${instancePath}: ${keyword}`),
    ...[...unread].map((path) => `${path}: unknown`),
  ];
}

/** A copy of `value` that takes each path that is read out of `unread`. */
function watched<T>(value: T, path: string, unread: Set<string>): T {
  if (typeof value !== "object" || value === null) return value;
  const copy = structuredClone(value) as Record<string, unknown>;
  for (const [key, part] of Object.entries(copy)) {
    const place = `${path}/${key}`;
    if (!Array.isArray(copy)) unread.add(place);
    const watchedPart = watched(part, place, unread);
    Object.defineProperty(copy, key, {
      enumerable: true,
      get() {
        unread.delete(place);
        return watchedPart;
      },
    });
  }
  return copy as T;
}

Deno.test("kubernetes: every resource is as the schema says", () => {
  assert.deepEqual(resources.map(({ kind }) => kind).sort(), [
    "Deployment",
    "Deployment",
    "PodDisruptionBudget",
    "PodDisruptionBudget",
    "Service",
    "Service",
    "Service",
    "StatefulSet",
  ]);
  for (const resource of resources) assert.deepEqual(faultsOf(resource), []);
});

Deno.test("kubernetes: the schema finds what is wrong", () => {
  const set = resources.find(({ kind }) => kind === "StatefulSet")!;
  const { spec } = set;
  const faultsWith = (fields: object) =>
    faultsOf({ ...set, spec: { ...spec, ...fields } });
  assert.deepEqual(faultsWith({ replicas: "3" }), ["/spec/replicas: type"]);
  assert.deepEqual(faultsWith({ serviceName: 1 }), ["/spec/serviceName: type"]);
  assert.deepEqual(faultsWith({ selector: undefined }), ["/spec: required"]);
  assert.deepEqual(faultsWith({ replica: 3 }), [
    "StatefulSet/spec/replica: unknown",
  ]);
});

Deno.test("kubernetes: pods have flags that sd-node takes, and labels that are looked for", () => {
  const pods = resources.flatMap(({ spec }) => spec.template ?? []);
  assert.equal(pods.length, 3);
  for (const { spec } of pods) {
    const [{ env, image }] = spec.containers;
    assert.equal(image, "sd-node:0.1.0");
    const environment = Object.fromEntries(
      env.map(({ name, value }) => [name, value]),
    );
    const line = parseCommandLine([], environment, "0");
    assert.equal(line.kind, "run", JSON.stringify(line));
  }
  for (const { kind, metadata, spec } of resources) {
    const wanted = "matchLabels" in spec.selector
      ? (spec.selector as { matchLabels: Labels }).matchLabels
      : spec.selector as Labels;
    const found = pods.filter((pod) =>
      Object.entries(wanted).every(([name, value]) =>
        pod.metadata.labels[name] === value
      )
    );
    assert.ok(found.length > 0, `${kind} ${metadata.name} selects no pod`);
  }
});
