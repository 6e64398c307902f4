select sum(l_extendedprice) / 7 as avg_yearly
from lineitem, part
where p_partkey = l_partkey
  and p_brand = 'Brand#23'
  and p_container = 'MED BOX'
  and l_quantity < (
      select cast(0.2 as decimal(2, 1)) * avg(l_quantity)
      from lineitem
      where l_partkey = p_partkey)
