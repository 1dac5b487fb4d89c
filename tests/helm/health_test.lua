-- What helm/argocd/health.lua says of objects in every state they go through.
-- usage: lua health_test.lua PATH-OF-HEALTH-LUA

local function object(fields)
  return {
    apiVersion = "datamesh.dev/v1alpha1",
    kind = "Grant",
    metadata = {name = "readers", generation = fields.generation or 2, deletionTimestamp = fields.deleted},
    status = fields.status,
  }
end

local function condition(kind, status, reason, message)
  return {type = kind, status = status, reason = reason, message = message or ""}
end

local in_force = {condition("Ready", "True", "InForce", "Everything is as declared.")}
local waiting = {
  condition("Reconciling", "True", "ShareNotAccepted", "Waits for the consumer."),
  condition("Ready", "False", "ShareNotAccepted"),
}
local held = {
  condition("Ready", "False", "PlanHeld"),
  condition("Stalled", "True", "PlanHeld", "40 permissions would be revoked."),
}
local refused = {
  condition("Ready", "False", "NotTheProductsNamespace"),
  condition("Stalled", "True", "NotTheProductsNamespace", "Another namespace owns the product."),
}

local cases = {
  {"an object without a status has not been seen", {}, "Progressing", "not seen it yet"},
  {"a status without a generation says nothing yet", {status = {conditions = in_force}}, "Progressing", "not seen it yet"},
  {"a status of an older spec is not believed", {status = {observedGeneration = 1, conditions = in_force}},
    "Progressing", "last change"},
  {"a stall of an older spec is not believed either", {status = {observedGeneration = 1, conditions = refused}},
    "Progressing", "last change"},
  {"what is in force is healthy", {status = {observedGeneration = 2, conditions = in_force}}, "Healthy", "InForce"},
  {"what waits is progressing and says for what", {status = {observedGeneration = 2, conditions = waiting}},
    "Progressing", "ShareNotAccepted: Waits for the consumer."},
  {"what is stalled is degraded and says why", {status = {observedGeneration = 2, conditions = refused}},
    "Degraded", "NotTheProductsNamespace: Another namespace owns the product."},
  {"a held plan is suspended until somebody approves it", {status = {observedGeneration = 2, conditions = held}},
    "Suspended", "PlanHeld: 40 permissions would be revoked."},
  {"a status without conditions is not ready", {status = {observedGeneration = 2}}, "Progressing", "Not ready yet"},
  {"an unknown Ready is not ready",
    {status = {observedGeneration = 2, conditions = {condition("Ready", "Unknown", "Unseen")}}},
    "Progressing", "Not ready yet"},
  {"a Stalled that is False counts for nothing",
    {status = {observedGeneration = 2, conditions = {condition("Stalled", "False", "InForce"), in_force[1]}}},
    "Healthy", "InForce"},
  {"what is being deleted is progressing, however it stood before",
    {deleted = "2030-01-01T00:00:00Z", status = {observedGeneration = 2, conditions = refused}},
    "Progressing", "taken back"},
  {"what is being deleted and was in force is progressing",
    {deleted = "2030-01-01T00:00:00Z", status = {observedGeneration = 2, conditions = in_force}},
    "Progressing", "taken back"},
}

local file = assert(io.open(arg[1]))
local script = file:read("*a")
file:close()

-- The script sees what Argo CD gives it: the object, and Lua's own functions.
local function run(obj)
  local world = {obj = obj, ipairs = ipairs, pairs = pairs, tostring = tostring, string = string, table = table}
  local chunk = setfenv and setfenv(assert(loadstring(script)), world) or assert(load(script, "health.lua", "t", world))
  return chunk()
end

local failed = 0
for _, case in ipairs(cases) do
  local name, fields, status, part = case[1], case[2], case[3], case[4]
  local got = run(object(fields))
  if got.status ~= status or not string.find(got.message, part, 1, true) then
    failed = failed + 1
    print(string.format("FAILED: %s: %s (%s), not %s (… %s …)", name, got.status, got.message, status, part))
  end
end
print(string.format("health.lua: %d passed, %d failed", #cases - failed, failed))
os.exit(failed == 0 and 0 or 1)
