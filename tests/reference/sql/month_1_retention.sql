-- Of the customers of each month of first order, those with an order in the month after it; of the newest none is known.
WITH orders AS (
  SELECT DISTINCT "Invoice" AS invoice, "Customer ID" AS customer, date_trunc('month', min("InvoiceDate"))::DATE AS month
  FROM invoice_lines
  WHERE "Customer ID" IS NOT NULL AND "Quantity" > 0 AND "Price" > 0 AND "Invoice" NOT LIKE 'C%'
  GROUP BY 1, 2
), cohort AS (
  SELECT customer, min(month) AS month FROM orders GROUP BY 1
)
SELECT month AS period_start,
       CASE WHEN month < (SELECT max(month) FROM orders)
            THEN count(*) FILTER (EXISTS (FROM orders AS o WHERE o.customer = c.customer
                                                             AND o.month = c.month + INTERVAL 1 MONTH)) / count(*) END
         AS month_1_retention
FROM cohort AS c
GROUP BY 1
ORDER BY 1
