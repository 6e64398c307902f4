select sum(l_extendedprice * l_discount) as revenue
from lineitem
where l_shipdate >= date '1994-01-01'
  and l_shipdate < date '1994-01-01' + interval '1' year
  and l_discount between cast(0.06 as decimal(15, 2)) - cast(0.01 as decimal(15, 2))
                     and cast(0.06 as decimal(15, 2)) + cast(0.01 as decimal(15, 2))
  and l_quantity < 24
