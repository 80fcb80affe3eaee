-- ARGV: now, contact, outcome where it never was connected
local c = contact_of(ARGV[2])
if c then remove(c, ARGV[3]) end
return 1
