-- The ledger of all runs: every command of adapters/ledger/redis.py, each of them atomic.
--
-- KEYS[1]: the prefix of every key. ARGV: command, seconds now (empty: the server's own clock),
-- max_attempts, lease_seconds, backoff_seconds, then what the command takes.
--
-- Of each run and node, `<prefix>ledger:<kind>:<run>/<node>`:
--   tasks    hash, shard -> "attempts state owner"; state is open, done or dead
--   errors   hash, shard -> last error of an open task
--   dead     hash, shard -> last error of a dead task
--   ready    sorted set, score 0: open tasks to be rung for, in order of shards
--   waiting  sorted set, score: when a lease or a rest after a failure is over
--   rung     sorted set, score: when it was rung for
-- An open task is in exactly one of ready, waiting and rung, and in `<prefix>active:<stage>:open`;
-- any other task is in none. A lease that ran out holds nothing, wherever its task is.
-- Of all runs: `ledger:nodes:<run>`, a set of nodes; `ledger:leases`, a sorted set of
-- run/node/shard by expiry; `ledger:lead:<name>`, a hash of owner and expiry; and the channel
-- `ledger:changed`.

local prefix, command = KEYS[1], ARGV[1]
local max_attempts, lease, backoff = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now = tonumber(ARGV[2])
if not now then
  local told = redis.call('TIME')
  now = tonumber(told[1]) + tonumber(told[2]) / 1000000
end

local LEASES, CHANGED = prefix .. 'ledger:leases', prefix .. 'ledger:changed'
local PLACES = {'ready', 'waiting', 'rung'}

local function exact(number) return string.format('%.17g', number) end

local function key_of(kind, run, node)
  return prefix .. 'ledger:' .. kind .. ':' .. run .. '/' .. node
end

local function active(node)
  return prefix .. 'active:' .. string.match(node, '^[^@]*') .. ':open'
end

local function changed() redis.call('PUBLISH', CHANGED, '') end

-- The task that a command is about, as it stands; `known` is false if it was never opened.
local function task()
  local t = {run = ARGV[6], node = ARGV[7], shard = ARGV[8]}
  t.name = t.run .. '/' .. t.node .. '/' .. t.shard
  local line = redis.call('HGET', key_of('tasks', t.run, t.node), t.shard)
  t.known = line and true or false
  local attempts, state, owner = string.match(line or '0 open ', '^(%d+) (%a+) (.*)$')
  t.attempts, t.state, t.owner = tonumber(attempts), state, owner
  return t
end

local function of(t, kind) return key_of(kind, t.run, t.node) end

local function write(t)
  if not t.known then redis.call('SADD', prefix .. 'ledger:nodes:' .. t.run, t.node) end
  redis.call('HSET', of(t, 'tasks'), t.shard, t.attempts .. ' ' .. t.state .. ' ' .. t.owner)
end

-- Put an open task where it belongs, or one that ended nowhere.
local function place(t, where, score)
  for _, kind in ipairs(PLACES) do
    if kind ~= where then redis.call('ZREM', of(t, kind), t.shard) end
  end
  if where then
    redis.call('ZADD', of(t, where), exact(score), t.shard)
    redis.call('ZADD', active(t.node), 'NX', exact(now), t.name)
  else
    redis.call('ZREM', active(t.node), t.name)
  end
  redis.call('ZREM', LEASES, t.name)
end

local function hold(t)
  place(t, 'waiting', now + lease)
  redis.call('ZADD', LEASES, exact(now + lease), t.name)
end

local function is_held(t)
  if t.owner == '' or t.state ~= 'open' then return false end
  local expiry = redis.call('ZSCORE', of(t, 'waiting'), t.shard)
  return expiry and tonumber(expiry) > now
end

-- A task that `owner` holds, even after its lease if nobody took it over, or has completed.
local function held_by(owner)
  local t = task()
  return owner ~= '' and t.owner == owner and t or nil
end

local function end_as(t, state)
  t.state = state
  place(t, nil)
  write(t)
  redis.call('HDEL', of(t, 'errors'), t.shard)
  changed()
end

local commands = {}

function commands.open()
  local t = task()
  if t.known then return 0 end
  write(t)
  place(t, 'ready', 0)
  changed()
  return 1
end

function commands.claim()
  local t = task()
  if t.state ~= 'open' then return {t.state, 0} end
  if is_held(t) then return {'leased', 0} end
  if t.owner ~= '' then
    local error = 'the lease of ' .. t.owner .. ' ran out: it was killed, or hangs'
    redis.call('HSET', of(t, 'errors'), t.shard, error)
  end
  if t.attempts >= max_attempts then
    t.owner = ''
    local error = redis.call('HGET', of(t, 'errors'), t.shard)
    redis.call('HSET', of(t, 'dead'), t.shard, error or '')
    end_as(t, 'dead')
    return {'dead', 0}
  end
  t.owner, t.attempts = ARGV[9], t.attempts + 1
  write(t)
  hold(t)
  if not t.known then changed() end
  return {'granted', t.attempts}
end

function commands.renew()
  local t = held_by(ARGV[9])
  if not t or t.state ~= 'open' then return 0 end
  hold(t)
  return 1
end

function commands.complete()
  local t = held_by(ARGV[9])
  if not t then return 0 end
  if t.state == 'open' then end_as(t, 'done') end
  return 1
end

function commands.release()
  local t = held_by(ARGV[9])
  if not t or t.state ~= 'open' then return 0 end
  t.owner, t.attempts = '', t.attempts - 1
  place(t, 'ready', 0)
  write(t)
  changed()
  return 1
end

function commands.fail()
  local t = held_by(ARGV[9])
  if not t or t.state ~= 'open' then return 0 end
  t.owner = ''
  place(t, 'waiting', now + backoff * 2 ^ (t.attempts - 1))
  write(t)
  redis.call('HSET', of(t, 'errors'), t.shard, ARGV[10])
  changed()
  return 1
end

-- Move what was in `from` until a score to `to`.
local function move(run, node, from, last, to)
  local shards = redis.call('ZRANGEBYSCORE', key_of(from, run, node), '-inf', exact(last))
  for _, shard in ipairs(shards) do
    redis.call('ZADD', key_of(to, run, node), 0, shard)
    redis.call('ZREM', key_of(from, run, node), shard)
  end
end

function commands.due()
  local run, node, limit = ARGV[6], ARGV[7], tonumber(ARGV[8])
  move(run, node, 'waiting', now, 'ready')
  move(run, node, 'rung', now - tonumber(ARGV[9]), 'ready')
  limit = limit - redis.call('ZCARD', key_of('rung', run, node))
  if limit < 1 then return {} end
  local shards = redis.call('ZRANGE', key_of('ready', run, node), 0, limit - 1)
  for _, shard in ipairs(shards) do
    redis.call('ZADD', key_of('rung', run, node), exact(now), shard)
    redis.call('ZREM', key_of('ready', run, node), shard)
  end
  return shards
end

-- What waits has a lease, or rests after a failure and has no owner.
function commands.held()
  local run, node, count = ARGV[6], ARGV[7], 0
  local after = '(' .. exact(now)
  for _, shard in ipairs(redis.call('ZRANGEBYSCORE', key_of('waiting', run, node), after, '+inf')) do
    local line = redis.call('HGET', key_of('tasks', run, node), shard)
    if line and string.match(line, '^%d+ %a+ .') then count = count + 1 end
  end
  return count
end

function commands.open_shards()
  local found = {}
  for _, kind in ipairs(PLACES) do
    for _, shard in ipairs(redis.call('ZRANGE', key_of(kind, ARGV[6], ARGV[7]), 0, -1)) do
      found[#found + 1] = shard
    end
  end
  return found
end

function commands.forget()
  local run = ARGV[6]
  for _, node in ipairs(redis.call('SMEMBERS', prefix .. 'ledger:nodes:' .. run)) do
    for _, shard in ipairs(redis.call('HKEYS', key_of('tasks', run, node))) do
      local name = run .. '/' .. node .. '/' .. shard
      redis.call('ZREM', active(node), name)
      redis.call('ZREM', LEASES, name)
    end
    for _, kind in ipairs({'tasks', 'errors', 'dead', 'ready', 'waiting', 'rung'}) do
      redis.call('UNLINK', key_of(kind, run, node))
    end
  end
  redis.call('UNLINK', prefix .. 'ledger:nodes:' .. run)
end

function commands.owners()
  redis.call('ZREMRANGEBYSCORE', LEASES, '-inf', exact(now))
  local found = {}
  for _, name in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
    local run, node, shard = string.match(name, '^([^/]*)/([^/]*)/(.*)$')
    local line = redis.call('HGET', key_of('tasks', run, node), shard)
    found[#found + 1] = line and string.match(line, '^%d+ %a+ (.*)$') or nil
  end
  return found
end

function commands.held()
  redis.call('ZREMRANGEBYSCORE', LEASES, '-inf', exact(now))
  local prefix, found = ARGV[6] .. '/' .. ARGV[7] .. '/', 0
  for _, name in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
    if string.sub(name, 1, #prefix) == prefix then found = found + 1 end
  end
  return found
end

function commands.lead()
  local key, owner = prefix .. 'ledger:lead:' .. ARGV[6], ARGV[7]
  local holder = redis.call('HMGET', key, 'owner', 'expiry')
  if holder[1] and holder[1] ~= owner and tonumber(holder[2]) > now then return 0 end
  redis.call('HSET', key, 'owner', owner, 'expiry', exact(now + tonumber(ARGV[8])))
  return 1
end

function commands.resign()
  local key = prefix .. 'ledger:lead:' .. ARGV[6]
  if redis.call('HGET', key, 'owner') == ARGV[7] then redis.call('UNLINK', key) end
end

return commands[command]()
