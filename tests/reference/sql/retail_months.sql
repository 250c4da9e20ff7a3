-- Clean sales and the net of all lines by calendar month.
SELECT date_trunc('month', "InvoiceDate")::DATE AS period_start,
       count(DISTINCT "Invoice") FILTER (WHERE clean) AS clean_invoices,
       count(DISTINCT "Customer ID") FILTER (WHERE clean) AS clean_customers,
       sum("Quantity" * "Price"::DECIMAL(12, 3)) FILTER (WHERE clean) AS clean_revenue,
       sum("Quantity" * "Price"::DECIMAL(12, 3)) AS net_value_all_lines
FROM (
  SELECT *, "Customer ID" IS NOT NULL AND "Quantity" > 0 AND "Price" > 0 AND "Invoice" NOT LIKE 'C%' AS clean
  FROM invoice_lines
)
GROUP BY 1
ORDER BY 1
