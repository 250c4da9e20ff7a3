-- Who is there on a day: whoever has a post that has begun by then, and is not over. Nobody in the table has left for
-- good.
CREATE VIEW months AS SELECT unnest(generate_series(DATE '2006-01-01', DATE '2013-06-01',
INTERVAL 1 MONTH))::DATE AS month;
CREATE VIEW people AS
SELECT BirthDate, Gender, HireDate, min(StartDate) AS came, count(*) FILTER (EndDate IS NULL) AS posts_today,
       count(*) - 1 AS moves
FROM employees GROUP BY ALL;
CREATE MACRO fiscal_year(day) AS make_date(year(day) - (month(day) < 7)::INT, 7, 1);
CREATE VIEW fiscal_years AS
SELECT fiscal_year(day) AS year, (SELECT count(*) FROM people WHERE came <= day) AS heads
FROM (SELECT unnest(generate_series(DATE '2006-01-28', DATE '2013-06-30', INTERVAL 1 DAY))::DATE AS day);
