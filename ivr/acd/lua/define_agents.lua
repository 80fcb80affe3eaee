-- ARGV: now, JSON list of {id, profile, name, skills, languages, capacity, team, site, rooms, blend}: everybody there is. Live state is kept; who is no
-- longer listed goes as soon as no call holds him.
local listed_now = {}
for _, d in ipairs(cjson.decode(ARGV[2])) do
  listed_now[d.id] = true
  local key = P .. 'agent:' .. d.id
  local a = agent_of(d.id)
  if not a then
    redis.call('SADD', P .. 'agents', d.id)
    redis.call('HSET', key, 'profile', d.profile, 'duty', 'offline', 'reason', '', 'offers', 0, 'calls', 0, 'wrap_until', '',
      'state', 'offline', 'since', NOW, 'idle_since', NOW, 'last_contact', '', 'offered_at', 0, 'served', 0, 'busy', 0, 'duty_since', NOW)
  end
  redis.call('HSET', key, 'profile', d.profile, 'name', d.name, 'skills', d.skills, 'own', d.skills, 'languages', d.languages, 'capacity', d.capacity,
    'team', d.team, 'site', d.site, 'rooms', d.rooms, 'blend', d.blend)
  a = agent_of(d.id)
  settle(a)
end
for _, id in ipairs(redis.call('SMEMBERS', P .. 'agents')) do
  local a = agent_of(id)
  if not listed_now[id] and a and a.load == 0 then
    a.duty, a.wrap_until = 'offline', ''
    settle(a)
    redis.call('DEL', P .. 'agent:' .. id, P .. 'held:' .. id)
    redis.call('SREM', P .. 'agents', id)
    redis.call('ZREM', P .. 'leases', id)
  end
end
emit('defined')
return 1
