-- ARGV: now, who led
if redis.call('GET', P .. 'leader') == ARGV[2] then redis.call('DEL', P .. 'leader') end
return 1
