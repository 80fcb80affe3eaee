-- ARGV: now, who asks, milliseconds. 1 where the asker leads (from now on, or still), 0 where somebody else does.
local leader = redis.call('GET', P .. 'leader')
if leader and leader ~= ARGV[2] then return 0 end
redis.call('SET', P .. 'leader', ARGV[2], 'PX', ARGV[3])
return 1
