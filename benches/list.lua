-- wrk: the pending list, each time of another tenant. Arguments: the keys.
local requests = {}

function init(args)
  math.randomseed(42)
  for _, key in ipairs(args) do
    requests[#requests + 1] = wrk.format('GET', '/v1/detainers?status=pending&limit=50',
      { ['Authorization'] = 'Bearer ' .. key })
  end
end

function request()
  return requests[math.random(#requests)]
end
