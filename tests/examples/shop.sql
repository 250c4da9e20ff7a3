-- What the questions about the web shop share: a line with its category, by the key of the version that was sold, and
-- one row an order.
CREATE VIEW lines AS
SELECT sales.*, ProductAlternateKey AS product, ProductCategoryName AS category, ProductSubcategoryName AS kind,
       SalesTerritoryCountry AS country,
       date_trunc('month', OrderDate)::DATE AS month
FROM internet_sales AS sales
JOIN products USING (ProductKey)
JOIN product_subcategories USING (ProductSubcategoryKey)
JOIN product_categories USING (ProductCategoryKey)
JOIN territories USING (SalesTerritoryKey);

CREATE VIEW orders AS
SELECT SalesOrderNumber AS number, min(CustomerKey) AS customer, min(OrderDate) AS day, min(month) AS month,
       min(ShipDate) AS shipped, min(country) AS country,
       sum(SalesAmount) AS amount, sum(OrderQuantity) AS items, bool_or(category = 'Bikes') AS bike,
       bool_or(category = 'Accessories') AS accessory
FROM lines GROUP BY ALL;

CREATE VIEW firsts AS SELECT customer, min(day) AS day, arg_min(number, (day, number)) AS number FROM orders
GROUP BY customer;
