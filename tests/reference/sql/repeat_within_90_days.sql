-- Of the customers of each month of first purchase, those who order again on a later day, less than 90 days after the
-- last order of their first day.
WITH orders AS (
  SELECT "Invoice" AS invoice, min("Customer ID") AS customer, min("InvoiceDate") AS ordered_at
  FROM invoice_lines
  WHERE "Customer ID" IS NOT NULL AND "Quantity" > 0 AND "Price" > 0 AND "Invoice" NOT LIKE 'C%'
  GROUP BY 1
), first_day AS (
  SELECT customer, min(ordered_at)::DATE AS day FROM orders GROUP BY 1
), begun AS (
  SELECT customer, day, max(ordered_at) AS last_order FROM orders JOIN first_day USING (customer)
  WHERE ordered_at::DATE = day GROUP BY 1, 2
)
SELECT date_trunc('month', day)::DATE AS period_start,
       count(*) FILTER (EXISTS (FROM orders AS o WHERE o.customer = b.customer AND o.ordered_at::DATE > b.day
                                                   AND o.ordered_at < b.last_order + INTERVAL 90 DAY)) / count(*)
         AS repeat_within_90_days
FROM begun AS b
GROUP BY 1
ORDER BY 1
