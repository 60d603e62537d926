-- wrk: release notices, each with an Idempotency-Key and a message id of its own.
-- Arguments: key, tag of the run, first booking, number of bookings.
local key, tag, first, many
local n = 0

function init(args)
  key, tag, first, many = args[1], args[2], tonumber(args[3]), tonumber(args[4])
end

local body = '{"agency":"BENCH0001","booking_number":"B%08d","kind":"scheduled",'
  .. '"effective_at":"2027-03-01T08:00:00-08:00","release_basis":"sentence_complete",'
  .. '"subject":{"family_name":"Example","given_name":"Ana","additional_names":"Maria","date_of_birth":"1990-02-03",'
  .. '"sex":"F","citizenship":"MEX","state_id":"CA%08d"},"source_message_id":"%s-%d","feed":"jail management system",'
  .. '"note":"The sentence ends on this day. The person leaves from the main gate in the morning, after the property '
  .. 'has been returned and the papers have been signed; no transport is arranged."}'

function request()
  n = n + 1
  local booking = first + n % many
  return wrk.format('POST', '/v1/release-notices', {
    ['Authorization'] = 'Bearer ' .. key,
    ['Content-Type'] = 'application/json',
    ['Idempotency-Key'] = tag .. '-' .. n,
  }, string.format(body, booking, booking % 100000000, tag, n))
end
