-- Each order with an accessory belongs to the latest order with a bike of its customer, at most 89 days before it.
WITH bikes AS (SELECT customer, day, min(month) AS month, count(*) AS orders FROM orders WHERE bike GROUP BY customer,
  day),
     followed AS (
  SELECT accessory.number, max(bikes.day) AS day, any_value(bikes.customer) AS customer
  FROM orders AS accessory JOIN bikes ON bikes.customer = accessory.customer AND bikes.day <= accessory.day
  WHERE accessory.accessory GROUP BY accessory.number, accessory.day HAVING max(bikes.day) > accessory.day - 90
)
SELECT month AS period_start, 'all' AS segment, coalesce(sum(following), 0) / sum(orders) AS value
FROM bikes LEFT JOIN (SELECT customer, day, count(*) AS following FROM followed GROUP BY ALL) USING (customer, day)
GROUP BY ALL
