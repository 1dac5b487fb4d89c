// The AWS SDK for JavaScript as a consumer of the example mesh: another signer, and other parsers, than botocore's.
//
//   usage: node sdk.mjs, with the SDK's packages in a node_modules above, and AWS_PROFILE=analytics-analyst
import { createRequire } from "node:module";

const load = createRequire(process.env.DATAMESH_NODE_MODULES + "/");
const { GlueClient, GetTableCommand, GetTablesCommand, ListJobsCommand } = load("@aws-sdk/client-glue");
const { LakeFormationClient, DescribeResourceCommand, ListPermissionsCommand } = load("@aws-sdk/client-lakeformation");
const { RAMClient, ListResourcesCommand } = load("@aws-sdk/client-ram");
const { STSClient, AssumeRoleCommand, GetCallerIdentityCommand } = load("@aws-sdk/client-sts");

let failed = 0;

function check(name, isSo, shown) {
  failed += isSo ? 0 : 1;
  console.log(`${isSo ? "ok   " : "FAIL "} JavaScript: ${name}` + (isSo ? "" : `\n      ${JSON.stringify(shown)}`));
}

/** The answer of a call, or the name, status and request id of its error. */
async function answerOf(client, command) {
  try {
    return await client.send(command);
  } catch (error) {
    return { error: error.name, status: error.$metadata?.httpStatusCode, id: error.$metadata?.requestId, text: error.message };
  }
}

async function refuses(name, code, status, client, command) {
  const { error, status: given, id } = await answerOf(client, command);
  check(name, error === code && given === status && /^[0-9a-f-]{36}$/.test(id), { error, given, id });
}

const stranger = { credentials: { accessKeyId: "AKIAAAAAAAAAAAAAAAAA", secretAccessKey: "x" } };
const [glue, lake, ram, sts] = [new GlueClient({}), new LakeFormationClient({}), new RAMClient({}), new STSClient({})];
const taxi = { DatabaseName: "nyc_taxi" };

const me = await answerOf(sts, new GetCallerIdentityCommand({}));
check("who am I", me.Arn?.includes(":assumed-role/Analyst/"), me);
const table = await answerOf(glue, new GetTableCommand({ ...taxi, Name: "yellow" }));
check("six columns were granted", table.Table?.StorageDescriptor.Columns.length === 6, table);
check("a time is a time", table.Table?.CreateTime instanceof Date && table.Table.CreateTime.getFullYear() > 2000, table);
const listed = await answerOf(glue, new GetTablesCommand(taxi));
check("one table is listed", listed.TableList?.map((one) => one.Name).join() === "yellow", listed);
const rows = await answerOf(lake, new ListPermissionsCommand({}));
check("permissions are listed", rows.PrincipalResourcePermissions?.length > 0, rows);
let shared = await answerOf(ram, new ListResourcesCommand({ resourceOwner: "OTHER-ACCOUNTS" }));
if (shared.nextToken && shared.resources?.length === 0) {  // now and then a page is empty
  shared = await answerOf(ram, new ListResourcesCommand({ resourceOwner: "OTHER-ACCOUNTS", nextToken: shared.nextToken }));
}
check("shared resources are listed", shared.resources?.length > 0, shared);
await refuses("what is not granted is not there", "AccessDeniedException", 400, glue, new GetTableCommand({ ...taxi, Name: "zones" }));
await refuses("an operation that is none", "UnknownOperationException", 400, glue, new ListJobsCommand({}));
await refuses("an error of Lake Formation", "EntityNotFoundException", 400, lake, new DescribeResourceCommand({ ResourceArn: "arn:aws:s3:::none" }));
await refuses("a role that does not exist", "AccessDenied", 403, sts, new AssumeRoleCommand({ RoleArn: "arn:aws:iam::888899990000:role/unknown-x", RoleSessionName: "js" }));
await refuses("a key that is none, to Glue", "UnrecognizedClientException", 400, new GlueClient(stranger), new GetTablesCommand(taxi));
await refuses("a key that is none, to Lake Formation", "UnrecognizedClientException", 403, new LakeFormationClient(stranger), new ListPermissionsCommand({}));
await refuses("a key that is none, to STS", "InvalidClientTokenId", 403, new STSClient(stranger), new GetCallerIdentityCommand({}));
process.exit(failed ? 1 : 0);
