-- Of the revenue of a month, the share of customers with more than five clean invoices in the whole file.
WITH clean AS (
  SELECT "Customer ID" AS customer, "Invoice" AS invoice, "InvoiceDate" AS sold_at,
         round("Quantity" * "Price", 3)::DECIMAL(18, 3) AS line_value
  FROM invoice_lines
  WHERE "Customer ID" IS NOT NULL AND "Quantity" > 0 AND "Price" > 0 AND "Invoice" NOT LIKE 'C%'
), regulars AS (
  SELECT customer FROM clean GROUP BY customer HAVING count(DISTINCT invoice) > 5
), first_line AS (
  SELECT invoice, min(sold_at) AS ordered_at FROM clean GROUP BY invoice
), of_orders AS (
  SELECT date_trunc('month', ordered_at)::DATE AS month, sum(line_value) AS value
  FROM clean JOIN first_line USING (invoice) JOIN regulars USING (customer)
  GROUP BY 1
), of_lines AS (
  SELECT date_trunc('month', sold_at)::DATE AS month, sum(line_value) AS value FROM clean GROUP BY 1
)
SELECT month AS period_start, of_orders.value::DOUBLE / of_lines.value::DOUBLE AS regulars_share
FROM of_lines LEFT JOIN of_orders USING (month)
ORDER BY month
