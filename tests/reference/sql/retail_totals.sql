-- Every figure of data/online_retail_2010 over the whole file.
SELECT count(*) AS invoice_lines,
       count(DISTINCT "Invoice") AS invoices,
       count(DISTINCT "Customer ID") AS customers,
       count(DISTINCT "StockCode") AS stock_codes,
       sum("Quantity" * "Price"::DECIMAL(12, 3)) AS net_value_all_lines,
       count(*) - count("Customer ID") AS lines_without_customer,
       count(*) FILTER (WHERE "Invoice" LIKE 'C%') AS cancellation_lines,
       count(DISTINCT "Invoice") FILTER (WHERE "Invoice" LIKE 'C%') AS cancelled_invoices,
       count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM invoice_lines)) AS duplicate_lines,
       count(*) FILTER (WHERE clean) AS clean_lines,
       count(DISTINCT "Invoice") FILTER (WHERE clean) AS clean_invoices,
       count(DISTINCT "Customer ID") FILTER (WHERE clean) AS clean_customers,
       sum("Quantity" * "Price"::DECIMAL(12, 3)) FILTER (WHERE clean) AS clean_revenue
FROM (
  SELECT *, "Customer ID" IS NOT NULL AND "Quantity" > 0 AND "Price" > 0 AND "Invoice" NOT LIKE 'C%' AS clean
  FROM invoice_lines
)
