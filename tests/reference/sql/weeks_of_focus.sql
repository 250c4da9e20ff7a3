-- By week: the share of orders after the day of the customer's first one; customers of the last 28 days, at its end;
-- what was credited back to known customers for each pound of clean sales.
WITH lines AS (
  SELECT *, "InvoiceDate"::DATE AS day, date_trunc('week', "InvoiceDate")::DATE AS week,
         "Quantity" * "Price"::DECIMAL(12, 3) AS worth
  FROM invoice_lines
  WHERE "Customer ID" IS NOT NULL
), sales AS (
  FROM lines WHERE "Quantity" > 0 AND "Price" > 0 AND "Invoice" NOT LIKE 'C%'
), first_days AS (
  SELECT "Customer ID", min(day) AS first_day FROM sales GROUP BY 1
), orders AS (
  SELECT "Invoice", date_trunc('week', min("InvoiceDate"))::DATE AS week, bool_and(day > first_day) AS is_repeat
  FROM sales JOIN first_days USING ("Customer ID") GROUP BY 1
), repeats AS (
  SELECT week, avg(is_repeat::INT) AS repeat_share FROM orders GROUP BY 1
), money AS (
  SELECT week,
         -sum(worth) FILTER ("Invoice" LIKE 'C%')
           / sum(worth) FILTER ("Quantity" > 0 AND "Price" > 0 AND "Invoice" NOT LIKE 'C%') AS credited
  FROM lines GROUP BY 1
)
SELECT r.week, repeat_share,
       (SELECT count(DISTINCT "Customer ID") FROM sales AS s WHERE s.day > r.week + 6 - 28 AND s.day <= r.week + 6) AS active,
       credited::DOUBLE
FROM repeats AS r JOIN money USING (week)
WHERE r.week IN ('2010-02-22', '2010-06-21', '2010-07-19', '2010-08-23', '2010-09-13', '2010-09-20', '2010-10-25',
               '2010-11-22', '2010-11-29')
ORDER BY r.week
