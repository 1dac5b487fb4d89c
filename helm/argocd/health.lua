-- How Argo CD sees the health of an object of datamesh.dev, whatever its kind. Pure; Lua 5.1, as Argo CD runs it.
-- The same text is in argocd-cm.yaml beside this file.

local function condition_of(status, kind)
  for _, condition in ipairs(status.conditions or {}) do
    if condition.type == kind and condition.status == "True" then
      return condition
    end
  end
  return nil
end

local function health(status, message)
  return {status = status, message = message}
end

local function told_by(condition)
  if condition.message ~= nil and condition.message ~= "" then
    return condition.reason .. ": " .. condition.message
  end
  return condition.reason
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "What was made because of it is being taken back")
end

local status = obj.status
if status == nil or status.observedGeneration == nil then
  return health("Progressing", "The operator has not seen it yet")
end
if status.observedGeneration < (obj.metadata.generation or 0) then
  return health("Progressing", "The operator has not seen the last change yet")
end

local stalled = condition_of(status, "Stalled")
if stalled ~= nil then
  -- Nothing is broken: somebody is asked whether so much shall be taken away.
  if stalled.reason == "PlanHeld" then
    return health("Suspended", told_by(stalled))
  end
  return health("Degraded", told_by(stalled))
end

local reconciling = condition_of(status, "Reconciling")
if reconciling ~= nil then
  return health("Progressing", told_by(reconciling))
end

local ready = condition_of(status, "Ready")
if ready ~= nil then
  return health("Healthy", told_by(ready))
end
return health("Progressing", "Not ready yet")
